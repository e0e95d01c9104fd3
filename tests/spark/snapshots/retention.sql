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

CREATE TEMP TABLE kept_1 AS
SELECT DISTINCT
  COALESCE(`t0`.`user_pseudo_id`, '') AS `participant_id`,
  CAST(TRUNC(
    ieee_divide(
      (
        CAST(FLOOR(ieee_divide(`t0`.`event_timestamp` * 1, 1000000)) AS INT64) + 0
      ) - (
        MOD(CAST(FLOOR(ieee_divide(`t0`.`event_timestamp` * 1, 1000000)) AS INT64) + 0, 86400)
      ),
      86400
    )
  ) AS INT64) AS `period`
FROM `ga4_events` AS `t0`
WHERE
  COALESCE(`t0`.`user_pseudo_id`, '') <> ''
  AND (
    `t0`.`event_timestamp` * 1
  ) IS NOT NULL;

SELECT DISTINCT
  COALESCE(`t0`.`device_category`, '') AS `device`
FROM `ga4_events` AS `t0`
WHERE
  COALESCE(`t0`.`user_pseudo_id`, '') <> ''
  AND (
    `t0`.`event_timestamp` * 1
  ) IS NOT NULL
LIMIT 202;

CREATE TEMP TABLE kept_2 AS
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

CREATE TEMP TABLE kept_3 AS
SELECT
  `t2`.`participant_id`,
  `t2`.`period`,
  `t5`.`cohort`,
  COALESCE(`t3`.`device`, '') AS `device`
FROM `temp`.`main`.`kept_1` AS `t2`
INNER JOIN (
  SELECT
    `t0`.`participant_id`,
    MIN(`t0`.`period`) AS `cohort`
  FROM `temp`.`main`.`kept_1` AS `t0`
  GROUP BY
    1
) AS `t5`
  ON `t2`.`participant_id` = `t5`.`participant_id`
LEFT OUTER JOIN `temp`.`main`.`kept_2` AS `t3`
  ON `t2`.`participant_id` = `t3`.`participant_id`;

SELECT
  `t0`.`cohort`,
  `t0`.`period`,
  COUNT(*) AS `n`
FROM `temp`.`main`.`kept_3` AS `t0`
GROUP BY
  1,
  2;

SELECT
  `t0`.`device`,
  `t0`.`cohort`,
  `t0`.`period`,
  COUNT(*) AS `n`
FROM `temp`.`main`.`kept_3` AS `t0`
GROUP BY
  1,
  2,
  3;
