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
  `t7`.`participant_id`,
  `t7`.`seconds`,
  `t7`.`observed`,
  COALESCE(`t2`.`device`, '') AS `device`
FROM (
  SELECT
    `t5`.`participant_id`,
    ieee_divide(COALESCE(`t5`.`second`, 1774916160000000) - `t5`.`first`, 1000000) AS `seconds`,
    `t5`.`second` IS NOT NULL AS `observed`
  FROM (
    SELECT
      `t4`.`participant_id`,
      `t4`.`moments`,
      (
        SELECT
          MIN(bq_arr_min_1)
        FROM UNNEST(`t4`.`moments`) AS bq_arr_min_1
      ) AS `first`,
      (
        SELECT
          MIN(bq_arr_min_2)
        FROM UNNEST(ARRAY(
          SELECT
            __ibis_param_moment__
          FROM UNNEST(`t4`.`moments`) AS __ibis_param_moment__
          WHERE
            __ibis_param_moment__ > (
              SELECT
                MIN(bq_arr_min_1)
              FROM UNNEST(`t4`.`moments`) AS bq_arr_min_1
            )
        )) AS bq_arr_min_2
      ) AS `second`
    FROM (
      SELECT
        `t3`.`participant_id`,
        ARRAY_AGG(`t3`.`moment` - (
          `t3`.`moment` & 0
        ) IGNORE NULLS) AS `moments`
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
          AND COALESCE(`t1`.`event_name`, '') = 'pick'
      ) AS `t3`
      GROUP BY
        1
    ) AS `t4`
  ) AS `t5`
) AS `t7`
LEFT OUTER JOIN `temp`.`main`.`kept_1` AS `t2`
  ON `t7`.`participant_id` = `t2`.`participant_id`;

SELECT
  COUNT(*) AS `n`,
  MAX(`t0`.`seconds`) AS `longest`
FROM `temp`.`main`.`kept_2` AS `t0`;

SELECT
  `t1`.`units`,
  `t1`.`observed`,
  COUNT(*) AS `n_people`
FROM (
  SELECT
    `t0`.`participant_id`,
    `t0`.`seconds`,
    `t0`.`observed`,
    `t0`.`device`,
    CAST(FLOOR(ieee_divide(`t0`.`seconds`, 1)) AS INT64) AS `units`
  FROM `temp`.`main`.`kept_2` AS `t0`
  WHERE
    `t0`.`seconds` IS NOT NULL
) AS `t1`
GROUP BY
  1,
  2;

SELECT
  `t1`.`device`,
  `t1`.`units`,
  `t1`.`observed`,
  COUNT(*) AS `n_people`
FROM (
  SELECT
    `t0`.`participant_id`,
    `t0`.`seconds`,
    `t0`.`observed`,
    `t0`.`device`,
    CAST(FLOOR(ieee_divide(`t0`.`seconds`, 1)) AS INT64) AS `units`
  FROM `temp`.`main`.`kept_2` AS `t0`
  WHERE
    `t0`.`seconds` IS NOT NULL
) AS `t1`
GROUP BY
  1,
  2,
  3;
