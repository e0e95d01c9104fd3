SELECT
  COUNT(*) AS `n`,
  SUM(CAST(`t2`.`participant_id` = '' AS INT64)) AS `nobody`,
  SUM(CAST((
    `t2`.`participant_id` <> ''
  ) AND (
    `t2`.`moment` IS NULL
  ) AS INT64)) AS `never`,
  SUM(CAST(`t2`.`stage` = '' AS INT64)) AS `nowhere`,
  SUM(CAST(`t2`.`session_id` = '' AS INT64)) AS `alone`,
  SUM(CAST(`t2`.`moment` > 1775001600000000 AS INT64)) AS `future`,
  SUM(CAST(`t2`.`moment` < 946684800000000 AS INT64)) AS `ancient`
FROM (
  SELECT
    `t1`.`participant_id`,
    `t1`.`session_id`,
    `t1`.`event`,
    `t1`.`channel`,
    `t1`.`device`,
    `t1`.`stage`,
    `t1`.`place`,
    IF(`t1`.`place` IN (4, 5), COALESCE(`t1`.`moment`, 0), `t1`.`moment`) AS `moment`,
    `t1`.`value`
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
  ) AS `t1`
) AS `t2`;

SELECT
  `t2`.`stage`,
  `t2`.`event`,
  COUNT(*) AS `n_events`,
  MIN(`t2`.`moment`) AS `first`,
  MAX(`t2`.`moment`) AS `last`
FROM (
  SELECT
    `t1`.`participant_id`,
    `t1`.`session_id`,
    `t1`.`event`,
    `t1`.`channel`,
    `t1`.`device`,
    `t1`.`stage`,
    `t1`.`place`,
    IF(`t1`.`place` IN (4, 5), COALESCE(`t1`.`moment`, 0), `t1`.`moment`) AS `moment`,
    `t1`.`value`
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
  ) AS `t1`
  WHERE
    `t1`.`participant_id` <> ''
    AND IF(`t1`.`place` IN (4, 5), COALESCE(`t1`.`moment`, 0), `t1`.`moment`) IS NOT NULL
) AS `t2`
GROUP BY
  1,
  2;

SELECT
  MAX(`t2`.`moment`) AS `end`
FROM (
  SELECT
    `t1`.`participant_id`,
    `t1`.`session_id`,
    `t1`.`event`,
    `t1`.`channel`,
    `t1`.`device`,
    `t1`.`stage`,
    `t1`.`place`,
    IF(`t1`.`place` IN (4, 5), COALESCE(`t1`.`moment`, 0), `t1`.`moment`) AS `moment`,
    `t1`.`value`
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
  ) AS `t1`
  WHERE
    `t1`.`participant_id` <> ''
    AND IF(`t1`.`place` IN (4, 5), COALESCE(`t1`.`moment`, 0), `t1`.`moment`) IS NOT NULL
) AS `t2`;

SELECT DISTINCT
  `t1`.`device`
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
) AS `t1`
WHERE
  `t1`.`participant_id` <> ''
  AND IF(`t1`.`place` IN (4, 5), COALESCE(`t1`.`moment`, 0), `t1`.`moment`) IS NOT NULL
LIMIT 201;

CREATE TEMP TABLE kept_1 AS
SELECT
  `t3`.`participant_id`,
  ARRAY(
    SELECT
      bq_arr_1
    FROM UNNEST(`t3`.`history`) AS bq_arr_1
    ORDER BY
      bq_arr_1
  ) AS `history`,
  CASE `t3`.`_device` & 3 WHEN 0 THEN 'desk' WHEN 1 THEN 'phone' ELSE '' END AS `device`
FROM (
  SELECT
    `t2`.`participant_id`,
    ARRAY_AGG(IF((
      `t2`.`_key` & 15
    ) <> 10, `t2`.`_key`, NULL) IGNORE NULLS) AS `history`,
    MIN(
      (
        (
          `t2`.`_key` - (
            `t2`.`_key` & 15
          )
        ) * 1
      ) + `t2`.`_device`
    ) AS `_device`
  FROM (
    SELECT
      `t1`.`participant_id`,
      (
        IF(`t1`.`place` IN (4, 5), COALESCE(`t1`.`moment`, 0), `t1`.`moment`) * 16
      ) + CAST(CASE `t1`.`event`
        WHEN 'see'
        THEN 0
        WHEN 'pick'
        THEN 1
        WHEN 'chat'
        THEN 2
        WHEN 'buy'
        THEN 3
        WHEN 'kept'
        THEN 4
        WHEN 'opened'
        THEN 5
        WHEN 'sent'
        THEN 6
        WHEN ''
        THEN 7
        WHEN 'called'
        THEN 8
        WHEN 'other'
        THEN 9
        ELSE 10
      END AS INT64) AS `_key`,
      CAST(CAST(CASE `t1`.`device` WHEN 'desk' THEN 0 WHEN 'phone' THEN 1 ELSE NULL END AS INT64) AS INT64) AS `_device`
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
    ) AS `t1`
    WHERE
      `t1`.`participant_id` <> ''
      AND IF(`t1`.`place` IN (4, 5), COALESCE(`t1`.`moment`, 0), `t1`.`moment`) IS NOT NULL
  ) AS `t2`
  GROUP BY
    1
) AS `t3`
WHERE
  ARRAY_LENGTH(`t3`.`history`) > 0;

SELECT
  COUNT(*) AS `n`,
  SUM(ARRAY_LENGTH(`t0`.`history`)) AS `n_events`,
  SUM(CAST(ARRAY_LENGTH(`t0`.`history`) = 1 AS INT64)) AS `once`,
  SUM(CAST(ARRAY_LENGTH(`t0`.`history`) >= 1000 AS INT64)) AS `many`,
  SUM(IF(ARRAY_LENGTH(`t0`.`history`) >= 1000, ARRAY_LENGTH(`t0`.`history`), NULL)) AS `of_many`,
  SUM(
    ARRAY_LENGTH(`t0`.`history`) - ARRAY_LENGTH(
      ARRAY(
        SELECT DISTINCT
          bq_arr_2
        FROM UNNEST(`t0`.`history`) AS bq_arr_2
      )
    )
  ) AS `repeats`
FROM `temp`.`main`.`kept_1` AS `t0`;
