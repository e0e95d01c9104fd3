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
WITH `t1` AS (
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
)
SELECT
  `t6`.`participant_id`,
  `t6`.`first`,
  `t6`.`last`,
  COALESCE(`t9`.`device`, '') AS `device`
FROM (
  SELECT
    `t3`.`participant_id`,
    MIN(`t3`.`moment`) AS `first`,
    MAX(`t3`.`moment`) AS `last`
  FROM (
    SELECT
      `t2`.`participant_id`,
      `t2`.`session_id`,
      `t2`.`event`,
      `t2`.`channel`,
      `t2`.`device`,
      `t2`.`stage`,
      `t2`.`place`,
      IF(`t2`.`place` IN (4, 5), COALESCE(`t2`.`moment`, 0), `t2`.`moment`) AS `moment`,
      `t2`.`value`
    FROM `t1` AS `t2`
    WHERE
      `t2`.`participant_id` <> ''
      AND IF(`t2`.`place` IN (4, 5), COALESCE(`t2`.`moment`, 0), `t2`.`moment`) IS NOT NULL
  ) AS `t3`
  GROUP BY
    1
) AS `t6`
LEFT OUTER JOIN (
  SELECT
    `t7`.`participant_id`,
    CASE `t7`.`packed` & 3 WHEN 0 THEN 'desk' WHEN 1 THEN 'phone' ELSE '' END AS `device`
  FROM (
    SELECT
      `t4`.`participant_id`,
      MIN(`t4`.`packed`) AS `packed`
    FROM (
      SELECT
        `t2`.`participant_id`,
        (
          IF(`t2`.`place` IN (4, 5), COALESCE(`t2`.`moment`, 0), `t2`.`moment`) * 4
        ) + CAST(CASE `t2`.`device` WHEN 'desk' THEN 0 WHEN 'phone' THEN 1 ELSE NULL END AS INT64) AS `packed`
      FROM `t1` AS `t2`
      WHERE
        `t2`.`participant_id` <> ''
        AND IF(`t2`.`place` IN (4, 5), COALESCE(`t2`.`moment`, 0), `t2`.`moment`) IS NOT NULL
    ) AS `t4`
    GROUP BY
      1
  ) AS `t7`
  WHERE
    `t7`.`packed` IS NOT NULL
) AS `t9`
  ON `t6`.`participant_id` = `t9`.`participant_id`;

CREATE TEMP TABLE kept_2 AS
SELECT
  `t9`.`participant_id`,
  `t9`.`seconds`,
  `t9`.`observed`,
  `t3`.`device`
FROM (
  SELECT
    `t7`.`participant_id`,
    ieee_divide(COALESCE(`t7`.`second`, 1774916160000000) - `t7`.`first`, 1000000) AS `seconds`,
    `t7`.`second` IS NOT NULL AS `observed`
  FROM (
    SELECT
      `t6`.`participant_id`,
      `t6`.`moments`,
      (
        SELECT
          MIN(bq_arr_min_1)
        FROM UNNEST(`t6`.`moments`) AS bq_arr_min_1
      ) AS `first`,
      (
        SELECT
          MIN(bq_arr_min_2)
        FROM UNNEST(ARRAY(
          SELECT
            __ibis_param_moment__
          FROM UNNEST(`t6`.`moments`) AS __ibis_param_moment__
          WHERE
            __ibis_param_moment__ > (
              SELECT
                MIN(bq_arr_min_1)
              FROM UNNEST(`t6`.`moments`) AS bq_arr_min_1
            )
        )) AS bq_arr_min_2
      ) AS `second`
    FROM (
      SELECT
        `t5`.`participant_id`,
        ARRAY_AGG(`t5`.`moment` - (
          `t5`.`moment` & 0
        ) IGNORE NULLS) AS `moments`
      FROM (
        SELECT
          `t4`.`participant_id`,
          `t4`.`session_id`,
          `t4`.`event`,
          `t4`.`channel`,
          `t4`.`device`,
          `t4`.`stage`,
          `t4`.`place`,
          IF(`t4`.`place` IN (4, 5), COALESCE(`t4`.`moment`, 0), `t4`.`moment`) AS `moment`,
          `t4`.`value`
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
        ) AS `t4`
        WHERE
          `t4`.`participant_id` <> ''
          AND IF(`t4`.`place` IN (4, 5), COALESCE(`t4`.`moment`, 0), `t4`.`moment`) IS NOT NULL
          AND `t4`.`event` = 'pick'
      ) AS `t5`
      GROUP BY
        1
    ) AS `t6`
  ) AS `t7`
) AS `t9`
INNER JOIN (
  SELECT
    `t0`.`participant_id`,
    `t0`.`device`
  FROM `temp`.`main`.`kept_1` AS `t0`
) AS `t3`
  ON `t9`.`participant_id` = `t3`.`participant_id`;

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
