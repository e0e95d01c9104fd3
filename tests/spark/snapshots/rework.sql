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
      `t2`.`_key` & 31
    ) <> 24, `t2`.`_key`, NULL) IGNORE NULLS) AS `history`,
    MIN(
      (
        (
          `t2`.`_key` - (
            `t2`.`_key` & 31
          )
        ) * 1
      ) + `t2`.`_device`
    ) AS `_device`
  FROM (
    SELECT
      `t1`.`participant_id`,
      (
        `t1`.`moment` * 32
      ) + (
        (
          `t1`.`place` * 4
        ) + CASE `t1`.`event` WHEN 'kept' THEN 1 WHEN 'called' THEN 2 ELSE 0 END
      ) AS `_key`,
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
      WHERE
        COALESCE(`t0`.`user_pseudo_id`, '') <> ''
        AND (
          `t0`.`event_timestamp` * 1
        ) IS NOT NULL
    ) AS `t1`
  ) AS `t2`
  GROUP BY
    1
) AS `t3`
WHERE
  ARRAY_LENGTH(`t3`.`history`) > 0;

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
        __ibis_param_step__
      FROM UNNEST(ARRAY(
        SELECT
          (
            __ibis_param_key__ & 28
          ) >> 2
        FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
      )) AS __ibis_param_step__
      WHERE
        __ibis_param_step__ < 6
    ) AS `path`
  FROM `temp`.`main`.`kept_1` AS `t0`
) AS `t1`
WHERE
  ARRAY_LENGTH(`t1`.`path`) > 0;

CREATE TEMP TABLE kept_3 AS
SELECT
  `t3`.`participant_id`,
  `t3`.`device`,
  `t3`.`place`,
  COUNT(*) AS `n`,
  SUM(`t3`.`further`) AS `further`,
  MIN(`t3`.`visit`) & 1 AS `first`
FROM (
  SELECT
    `t2`.`participant_id`,
    `t2`.`device`,
    `t2`.`visit`,
    (
      `t2`.`visit` >> 1
    ) & 8388607 AS `place`,
    `t2`.`visit` & 1 AS `further`
  FROM (
    SELECT
      `t1`.*
      REPLACE (`table_unnest_column_3` AS `visit`)
    FROM (
      SELECT
        `t0`.`participant_id`,
        `t0`.`device`,
        ARRAY_CONCAT(
          [`t0`.`path`[safe_offset(0)] * 2],
          ARRAY(
            SELECT
              (
                __ibis_param_i__ << 24
              ) + (
                `t0`.`path`[safe_offset(__ibis_param_i__)] * 2
              ) + IF(
                `t0`.`path`[safe_offset(__ibis_param_i__ - 1)] > `t0`.`path`[safe_offset(__ibis_param_i__)],
                1,
                0
              )
            FROM UNNEST(ARRAY(
              SELECT
                __ibis_param_i__
              FROM UNNEST(IF(
                NOT NULLIF(1, 0) IS NULL AND SIGN(1) = SIGN(ARRAY_LENGTH(`t0`.`path`) - 1),
                ARRAY(
                  SELECT
                    bq_arr_range_4
                  FROM UNNEST(GENERATE_ARRAY(1, ARRAY_LENGTH(`t0`.`path`), 1)) AS bq_arr_range_4
                  WHERE
                    bq_arr_range_4 <> ARRAY_LENGTH(`t0`.`path`)
                ),
                []
              )) AS __ibis_param_i__
              WHERE
                `t0`.`path`[safe_offset(__ibis_param_i__ - 1)] <> `t0`.`path`[safe_offset(__ibis_param_i__)]
            )) AS __ibis_param_i__
          )
        ) AS `visit`
      FROM `temp`.`main`.`kept_2` AS `t0`
      WHERE
        ARRAY_LENGTH(`t0`.`path`) > 0
    ) AS `t1`
    CROSS JOIN UNNEST(`t1`.`visit`) AS `table_unnest_column_3`
  ) AS `t2`
) AS `t3`
GROUP BY
  1,
  2,
  3;

CREATE TEMP TABLE kept_4 AS
SELECT
  `t4`.`participant_id`,
  `t4`.`device`,
  `t4`.`place`,
  COUNT(*) AS `n`,
  SUM(`t4`.`further`) AS `further`,
  MIN(`t4`.`visit`) & 1 AS `first`
FROM (
  SELECT
    `t3`.`participant_id`,
    `t3`.`device`,
    `t3`.`visit`,
    (
      `t3`.`visit` >> 1
    ) & 8388607 AS `place`,
    `t3`.`visit` & 1 AS `further`
  FROM (
    SELECT
      `t2`.*
      REPLACE (`table_unnest_column_5` AS `visit`)
    FROM (
      SELECT
        `t1`.`participant_id`,
        `t1`.`device`,
        ARRAY_CONCAT(
          [`t1`.`seen`[safe_offset(0)] * 2],
          ARRAY(
            SELECT
              (
                __ibis_param_i__ << 24
              ) + (
                `t1`.`seen`[safe_offset(__ibis_param_i__)] * 2
              ) + IF(
                `t1`.`seen`[safe_offset(__ibis_param_i__ - 1)] > `t1`.`seen`[safe_offset(__ibis_param_i__)],
                1,
                0
              )
            FROM UNNEST(ARRAY(
              SELECT
                __ibis_param_i__
              FROM UNNEST(IF(
                NOT NULLIF(1, 0) IS NULL AND SIGN(1) = SIGN(ARRAY_LENGTH(`t1`.`seen`) - 1),
                ARRAY(
                  SELECT
                    bq_arr_range_6
                  FROM UNNEST(GENERATE_ARRAY(1, ARRAY_LENGTH(`t1`.`seen`), 1)) AS bq_arr_range_6
                  WHERE
                    bq_arr_range_6 <> ARRAY_LENGTH(`t1`.`seen`)
                ),
                []
              )) AS __ibis_param_i__
              WHERE
                `t1`.`seen`[safe_offset(__ibis_param_i__ - 1)] <> `t1`.`seen`[safe_offset(__ibis_param_i__)]
            )) AS __ibis_param_i__
          )
        ) AS `visit`
      FROM (
        SELECT
          `t0`.`participant_id`,
          `t0`.`device`,
          `t0`.`path`,
          ARRAY(
            SELECT
              __ibis_param_step__
            FROM UNNEST(`t0`.`path`) AS __ibis_param_step__
            WHERE
              __ibis_param_step__ IN (0, 1, 3, 4, 5)
          ) AS `seen`
        FROM `temp`.`main`.`kept_2` AS `t0`
      ) AS `t1`
      WHERE
        ARRAY_LENGTH(`t1`.`seen`) > 0
    ) AS `t2`
    CROSS JOIN UNNEST(`t2`.`visit`) AS `table_unnest_column_5`
  ) AS `t3`
) AS `t4`
GROUP BY
  1,
  2,
  3;

SELECT
  `t0`.`place`,
  '' AS `segment_value`,
  COUNT(*) AS `n_participants`,
  SUM(CAST(`t0`.`n` > 1 AS INT64)) AS `n_returned`,
  SUM(`t0`.`n` - 1) AS `n_returns`,
  SUM(CAST(`t0`.`further` > `t0`.`first` AS INT64)) AS `n_back`
FROM `temp`.`main`.`kept_3` AS `t0`
GROUP BY
  1,
  2;

SELECT
  `t0`.`place`,
  '' AS `segment_value`,
  COUNT(*) AS `n_participants`,
  SUM(CAST(`t0`.`n` > 1 AS INT64)) AS `n_returned`,
  SUM(`t0`.`n` - 1) AS `n_returns`,
  SUM(CAST(`t0`.`further` > `t0`.`first` AS INT64)) AS `n_back`
FROM `temp`.`main`.`kept_4` AS `t0`
GROUP BY
  1,
  2;

SELECT
  `t0`.`place`,
  `t0`.`device` AS `segment_value`,
  COUNT(*) AS `n_participants`,
  SUM(CAST(`t0`.`n` > 1 AS INT64)) AS `n_returned`,
  SUM(`t0`.`n` - 1) AS `n_returns`,
  SUM(CAST(`t0`.`further` > `t0`.`first` AS INT64)) AS `n_back`
FROM `temp`.`main`.`kept_3` AS `t0`
GROUP BY
  1,
  2;

SELECT
  `t0`.`place`,
  `t0`.`device` AS `segment_value`,
  COUNT(*) AS `n_participants`,
  SUM(CAST(`t0`.`n` > 1 AS INT64)) AS `n_returned`,
  SUM(`t0`.`n` - 1) AS `n_returns`,
  SUM(CAST(`t0`.`further` > `t0`.`first` AS INT64)) AS `n_back`
FROM `temp`.`main`.`kept_4` AS `t0`
GROUP BY
  1,
  2;
