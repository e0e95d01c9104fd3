SELECT
  COUNT(*) AS `n`,
  SUM(CAST(`t1`.`participant_id` = '' AS INT64)) AS `nobody`,
  SUM(CAST((
    `t1`.`participant_id` <> ''
  ) AND (
    `t1`.`moment` IS NULL
  ) AS INT64)) AS `never`,
  SUM(CAST(`t1`.`stage` = '' AS INT64)) AS `nowhere`,
  SUM(CAST(`t1`.`session_id` = '' AS INT64)) AS `alone`,
  SUM(CAST(`t1`.`moment` > 1775001600000000 AS INT64)) AS `future`,
  SUM(CAST(`t1`.`moment` < 946684800000000 AS INT64)) AS `ancient`
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
) AS `t1`;

SELECT
  `t1`.`stage`,
  `t1`.`event`,
  COUNT(*) AS `n_events`,
  MIN(`t1`.`moment`) AS `first`,
  MAX(`t1`.`moment`) AS `last`
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
) AS `t1`
GROUP BY
  1,
  2;

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
  ARRAY(
    SELECT
      bq_arr_1
    FROM UNNEST(`t2`.`history`) AS bq_arr_1
    ORDER BY
      bq_arr_1
  ) AS `history`,
  CASE `t2`.`_device` & 3 WHEN 0 THEN 'desk' WHEN 1 THEN 'phone' ELSE '' END AS `device`
FROM (
  SELECT
    `t1`.`participant_id`,
    ARRAY_AGG(IF((
      `t1`.`_key` & 15
    ) <> 10, `t1`.`_key`, NULL) IGNORE NULLS) AS `history`,
    MIN(
      (
        (
          `t1`.`_key` - (
            `t1`.`_key` & 15
          )
        ) * 1
      ) + `t1`.`_device`
    ) AS `_device`
  FROM (
    SELECT
      COALESCE(`t0`.`user_pseudo_id`, '') AS `participant_id`,
      (
        `t0`.`event_timestamp` * 1 * 16
      ) + CAST(CASE COALESCE(`t0`.`event_name`, '')
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
      CAST(CAST(CASE COALESCE(`t0`.`device_category`, '')
        WHEN 'desk'
        THEN 0
        WHEN 'phone'
        THEN 1
        ELSE NULL
      END AS INT64) AS INT64) AS `_device`
    FROM `ga4_events` AS `t0`
    WHERE
      COALESCE(`t0`.`user_pseudo_id`, '') <> ''
      AND (
        `t0`.`event_timestamp` * 1
      ) IS NOT NULL
  ) AS `t1`
  GROUP BY
    1
) AS `t2`
WHERE
  ARRAY_LENGTH(`t2`.`history`) > 0;

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
        FROM UNNEST(ARRAY(
          SELECT
            (
              __ibis_param_key__ - (
                __ibis_param_key__ & 15
              )
            ) + (
              __ibis_param_key__ & 15
            )
          FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
        )) AS bq_arr_2
      )
    )
  ) AS `repeats`
FROM `temp`.`main`.`kept_1` AS `t0`;
