SELECT DISTINCT
  COALESCE(`t0`.`channel`, '') AS `channel`
FROM `ga4_events` AS `t0`
WHERE
  COALESCE(`t0`.`user_pseudo_id`, '') <> ''
  AND (
    `t0`.`event_timestamp` * 1
  ) IS NOT NULL
LIMIT 202;

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
      `t1`.`_key` & 3
    ) <> 3, `t1`.`_key`, NULL) IGNORE NULLS) AS `history`,
    MIN((
      (
        `t1`.`_key` - (
          `t1`.`_key` & 3
        )
      ) * 1
    ) + `t1`.`_device`) AS `_device`
  FROM (
    SELECT
      COALESCE(`t0`.`user_pseudo_id`, '') AS `participant_id`,
      (
        `t0`.`event_timestamp` * 1 * 4
      ) + CAST(CASE COALESCE(`t0`.`channel`, '')
        WHEN 'Läden'
        THEN 0
        WHEN 'app'
        THEN 1
        WHEN 'web'
        THEN 2
        ELSE 3
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

CREATE TEMP TABLE kept_2 AS
SELECT
  `t1`.`participant_id`,
  `t1`.`device`,
  ARRAY_CONCAT(
    [`t1`.`path`[safe_offset(0)]],
    ARRAY(
      SELECT
        `t1`.`path`[safe_offset(__ibis_param_i__)]
      FROM UNNEST(ARRAY(
        SELECT
          __ibis_param_i__
        FROM UNNEST(IF(
          NOT NULLIF(1, 0) IS NULL AND SIGN(1) = SIGN(ARRAY_LENGTH(`t1`.`path`) - 1),
          ARRAY(
            SELECT
              bq_arr_range_2
            FROM UNNEST(GENERATE_ARRAY(1, ARRAY_LENGTH(`t1`.`path`), 1)) AS bq_arr_range_2
            WHERE
              bq_arr_range_2 <> ARRAY_LENGTH(`t1`.`path`)
          ),
          []
        )) AS __ibis_param_i__
        WHERE
          `t1`.`path`[safe_offset(__ibis_param_i__ - 1)] <> `t1`.`path`[safe_offset(__ibis_param_i__)]
      )) AS __ibis_param_i__
    )
  ) AS `path`
FROM (
  SELECT
    `t0`.`participant_id`,
    `t0`.`device`,
    ARRAY(
      SELECT
        __ibis_param_key__ & 3
      FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
    ) AS `path`
  FROM `temp`.`main`.`kept_1` AS `t0`
) AS `t1`
WHERE
  ARRAY_LENGTH(`t1`.`path`) > 0;

CREATE TEMP TABLE kept_3 AS
SELECT
  `t0`.`participant_id`,
  `t0`.`device`,
  ARRAY(
    SELECT
      (
        `t0`.`path`[safe_offset(__ibis_param_i__ - 1)] * 5
      ) + `t0`.`path`[safe_offset(__ibis_param_i__)]
    FROM UNNEST(IF(
      NOT NULLIF(1, 0) IS NULL AND SIGN(1) = SIGN(ARRAY_LENGTH(`t0`.`path`) - 1),
      ARRAY(
        SELECT
          bq_arr_range_3
        FROM UNNEST(GENERATE_ARRAY(1, ARRAY_LENGTH(`t0`.`path`), 1)) AS bq_arr_range_3
        WHERE
          bq_arr_range_3 <> ARRAY_LENGTH(`t0`.`path`)
      ),
      []
    )) AS __ibis_param_i__
  ) AS `pairs`,
  `t0`.`path`[safe_offset(0)] + 15 AS `entry`,
  (
    `t0`.`path`[safe_offset(ARRAY_LENGTH(`t0`.`path`) - 1)] * 5
  ) + 4 AS `exit`
FROM `temp`.`main`.`kept_2` AS `t0`;

SELECT
  `t6`.`pair`,
  COUNT(*) AS `n_transitions`
FROM (
  SELECT
    *
  FROM (
    SELECT
      `t0`.`participant_id`,
      `t0`.`exit` AS `pair`
    FROM `temp`.`main`.`kept_3` AS `t0`
  ) AS `t1`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t3`.*
        REPLACE (`table_unnest_column_4` AS `pair`)
      FROM (
        SELECT
          `t0`.`participant_id`,
          `t0`.`pairs` AS `pair`
        FROM `temp`.`main`.`kept_3` AS `t0`
      ) AS `t3`
      CROSS JOIN UNNEST(`t3`.`pair`) AS `table_unnest_column_4`
    ) AS `t4`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t0`.`participant_id`,
        `t0`.`entry` AS `pair`
      FROM `temp`.`main`.`kept_3` AS `t0`
    ) AS `t2`
  ) AS `t5`
) AS `t6`
GROUP BY
  1;

SELECT
  `t6`.`pair`,
  COUNT(*) AS `n_participants`
FROM (
  SELECT
    *
  FROM (
    SELECT
      `t0`.`participant_id`,
      `t0`.`exit` AS `pair`
    FROM `temp`.`main`.`kept_3` AS `t0`
  ) AS `t1`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t3`.*
        REPLACE (`table_unnest_column_5` AS `pair`)
      FROM (
        SELECT
          `t0`.`participant_id`,
          ARRAY(
            SELECT DISTINCT
              bq_arr_6
            FROM UNNEST(`t0`.`pairs`) AS bq_arr_6
          ) AS `pair`
        FROM `temp`.`main`.`kept_3` AS `t0`
      ) AS `t3`
      CROSS JOIN UNNEST(`t3`.`pair`) AS `table_unnest_column_5`
    ) AS `t4`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t0`.`participant_id`,
        `t0`.`entry` AS `pair`
      FROM `temp`.`main`.`kept_3` AS `t0`
    ) AS `t2`
  ) AS `t5`
) AS `t6`
GROUP BY
  1;

SELECT
  `t6`.`pair`,
  `t6`.`segment_value`,
  COUNT(*) AS `n_transitions`
FROM (
  SELECT
    *
  FROM (
    SELECT
      `t0`.`participant_id`,
      `t0`.`exit` AS `pair`,
      `t0`.`device` AS `segment_value`
    FROM `temp`.`main`.`kept_3` AS `t0`
  ) AS `t1`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t3`.*
        REPLACE (`table_unnest_column_7` AS `pair`)
      FROM (
        SELECT
          `t0`.`participant_id`,
          `t0`.`pairs` AS `pair`,
          `t0`.`device` AS `segment_value`
        FROM `temp`.`main`.`kept_3` AS `t0`
      ) AS `t3`
      CROSS JOIN UNNEST(`t3`.`pair`) AS `table_unnest_column_7`
    ) AS `t4`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t0`.`participant_id`,
        `t0`.`entry` AS `pair`,
        `t0`.`device` AS `segment_value`
      FROM `temp`.`main`.`kept_3` AS `t0`
    ) AS `t2`
  ) AS `t5`
) AS `t6`
GROUP BY
  1,
  2;

SELECT
  `t6`.`pair`,
  `t6`.`segment_value`,
  COUNT(*) AS `n_participants`
FROM (
  SELECT
    *
  FROM (
    SELECT
      `t0`.`participant_id`,
      `t0`.`exit` AS `pair`,
      `t0`.`device` AS `segment_value`
    FROM `temp`.`main`.`kept_3` AS `t0`
  ) AS `t1`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t3`.*
        REPLACE (`table_unnest_column_8` AS `pair`)
      FROM (
        SELECT
          `t0`.`participant_id`,
          ARRAY(
            SELECT DISTINCT
              bq_arr_9
            FROM UNNEST(`t0`.`pairs`) AS bq_arr_9
          ) AS `pair`,
          `t0`.`device` AS `segment_value`
        FROM `temp`.`main`.`kept_3` AS `t0`
      ) AS `t3`
      CROSS JOIN UNNEST(`t3`.`pair`) AS `table_unnest_column_8`
    ) AS `t4`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t0`.`participant_id`,
        `t0`.`entry` AS `pair`,
        `t0`.`device` AS `segment_value`
      FROM `temp`.`main`.`kept_3` AS `t0`
    ) AS `t2`
  ) AS `t5`
) AS `t6`
GROUP BY
  1,
  2;

SELECT
  *
FROM (
  SELECT
    `t0`.`device` AS `value`,
    COUNT(DISTINCT `t0`.`participant_id`) AS `n`
  FROM `temp`.`main`.`kept_2` AS `t0`
  GROUP BY
    1
) AS `t1`
WHERE
  `t1`.`n` < 5;
