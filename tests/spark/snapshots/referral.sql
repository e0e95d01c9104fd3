SELECT
  MAX(`t1`.`moment`) AS `end`
FROM (
  SELECT
    COALESCE(`t0`.`user_pseudo_id`, '') AS `participant_id`,
    COALESCE(`t0`.`ga_session_id`, '') AS `session_id`,
    COALESCE(`t0`.`event_name`, '') AS `event`,
    COALESCE(`t0`.`channel`, '') AS `channel`,
    COALESCE(`t0`.`device_category`, '') AS `device`,
    CASE `t0`.`event_name`
      WHEN 'see'
      THEN 'see'
      WHEN 'pick'
      THEN 'pick'
      WHEN 'chat'
      THEN 'chat'
      WHEN 'buy'
      THEN 'buy'
      WHEN 'kept'
      THEN 'buy'
      WHEN 'opened'
      THEN 'opened'
      WHEN 'sent'
      THEN 'sent'
      ELSE ''
    END AS `stage`,
    CAST(CASE `t0`.`event_name`
      WHEN 'see'
      THEN 0
      WHEN 'pick'
      THEN 1
      WHEN 'chat'
      THEN 2
      WHEN 'buy'
      THEN 3
      WHEN 'kept'
      THEN 3
      WHEN 'opened'
      THEN 4
      WHEN 'sent'
      THEN 5
      ELSE 6
    END AS INT64) AS `place`,
    `t0`.`event_timestamp` * 1 AS `moment`,
    `t0`.`value`
  FROM `ga4_events` AS `t0`
  WHERE
    COALESCE(`t0`.`user_pseudo_id`, '') <> ''
    AND (
      `t0`.`event_timestamp` * 1
    ) IS NOT NULL
) AS `t1`;

SELECT DISTINCT
  COALESCE(`t0`.`device_category`, '') AS `device`
FROM `ga4_events` AS `t0`
WHERE
  COALESCE(`t0`.`user_pseudo_id`, '') <> ''
  AND (
    `t0`.`event_timestamp` * 1
  ) IS NOT NULL
LIMIT 202;

CREATE TEMP TABLE kept_1 AS
SELECT
  `t2`.`participant_id`,
  CASE `t2`.`device` & 3 WHEN 0 THEN 'desk' WHEN 1 THEN 'phone' ELSE '' END AS `device`
FROM (
  SELECT
    `t1`.`participant_id`,
    MIN(`t1`.`device`) AS `device`
  FROM (
    SELECT
      COALESCE(`t0`.`user_pseudo_id`, '') AS `participant_id`,
      (
        `t0`.`event_timestamp` * 1 * 4
      ) + CAST(CASE COALESCE(`t0`.`device_category`, '')
        WHEN 'desk'
        THEN 0
        WHEN 'phone'
        THEN 1
        ELSE NULL
      END AS INT64) AS `device`
    FROM `ga4_events` AS `t0`
    WHERE
      COALESCE(`t0`.`user_pseudo_id`, '') <> ''
      AND (
        `t0`.`event_timestamp` * 1
      ) IS NOT NULL
  ) AS `t1`
  GROUP BY
    1
) AS `t2`;

CREATE TEMP TABLE kept_2 AS
SELECT
  `t6`.`participant_id`,
  `t6`.`n`,
  `t6`.`n_referred`,
  COALESCE(`t2`.`device`, '') AS `device`
FROM (
  SELECT
    `t4`.`participant_id`,
    CAST(`t4`.`first` IS NOT NULL AS INT64) AS `n`,
    CAST(COALESCE(`t4`.`last` >= `t4`.`first`, FALSE) AS INT64) AS `n_referred`
  FROM (
    SELECT
      `t3`.`participant_id`,
      MIN(IF(`t3`.`event` IN ('buy'), `t3`.`moment`, NULL)) AS `first`,
      MAX(IF(`t3`.`event` IN ('called'), `t3`.`moment`, NULL)) AS `last`
    FROM (
      SELECT
        COALESCE(`t1`.`user_pseudo_id`, '') AS `participant_id`,
        COALESCE(`t1`.`ga_session_id`, '') AS `session_id`,
        COALESCE(`t1`.`event_name`, '') AS `event`,
        COALESCE(`t1`.`channel`, '') AS `channel`,
        COALESCE(`t1`.`device_category`, '') AS `device`,
        CASE `t1`.`event_name`
          WHEN 'see'
          THEN 'see'
          WHEN 'pick'
          THEN 'pick'
          WHEN 'chat'
          THEN 'chat'
          WHEN 'buy'
          THEN 'buy'
          WHEN 'kept'
          THEN 'buy'
          WHEN 'opened'
          THEN 'opened'
          WHEN 'sent'
          THEN 'sent'
          ELSE ''
        END AS `stage`,
        CAST(CASE `t1`.`event_name`
          WHEN 'see'
          THEN 0
          WHEN 'pick'
          THEN 1
          WHEN 'chat'
          THEN 2
          WHEN 'buy'
          THEN 3
          WHEN 'kept'
          THEN 3
          WHEN 'opened'
          THEN 4
          WHEN 'sent'
          THEN 5
          ELSE 6
        END AS INT64) AS `place`,
        `t1`.`event_timestamp` * 1 AS `moment`,
        `t1`.`value`
      FROM `ga4_events` AS `t1`
      WHERE
        COALESCE(`t1`.`user_pseudo_id`, '') <> ''
        AND (
          `t1`.`event_timestamp` * 1
        ) IS NOT NULL
        AND COALESCE(`t1`.`event_name`, '') IN ('called', 'buy')
    ) AS `t3`
    GROUP BY
      1
  ) AS `t4`
  WHERE
    `t4`.`first` IS NOT NULL
) AS `t6`
LEFT OUTER JOIN `temp`.`main`.`kept_1` AS `t2`
  ON `t6`.`participant_id` = `t2`.`participant_id`;

SELECT
  COALESCE(SUM(`t0`.`n`), 0) AS `n`,
  COALESCE(SUM(`t0`.`n_referred`), 0) AS `n_referred`
FROM `temp`.`main`.`kept_2` AS `t0`;

SELECT
  `t0`.`device`,
  COALESCE(SUM(`t0`.`n`), 0) AS `n`,
  COALESCE(SUM(`t0`.`n_referred`), 0) AS `n_referred`
FROM `temp`.`main`.`kept_2` AS `t0`
GROUP BY
  1;
