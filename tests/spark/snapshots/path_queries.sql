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
  SUM(CAST(`t3`.`is0` AS INT64)) AS `n0`,
  SUM(CAST(`t3`.`is1` AS INT64)) AS `n1`
FROM (
  SELECT
    `t2`.`participant_id`,
    (
      ARRAY_LENGTH(
        ARRAY(
          SELECT
            __ibis_param_key__
          FROM UNNEST(`t2`.`history`) AS __ibis_param_key__
          WHERE
            __ibis_param_key__ & 15 IN (1)
        )
      ) >= 2
    )
    AND (
      ARRAY_LENGTH(
        ARRAY(
          SELECT
            __ibis_param_key__
          FROM UNNEST(`t2`.`history`) AS __ibis_param_key__
          WHERE
            __ibis_param_key__ & 15 IN (4)
        )
      ) = 0
    ) AS `is0`,
    (
      ARRAY_LENGTH(
        ARRAY(
          SELECT
            __ibis_param_key__
          FROM UNNEST(`t2`.`history`) AS __ibis_param_key__
          WHERE
            __ibis_param_key__ & 15 IN (3, 4)
        )
      ) = 0
    )
    AND (
      ARRAY_LENGTH(
        ARRAY(
          SELECT
            __ibis_param_i__
          FROM UNNEST(IF(
            NOT NULLIF(1, 0) IS NULL AND SIGN(1) = SIGN(ARRAY_LENGTH(`t2`.`q1_1`) - 0),
            ARRAY(
              SELECT
                bq_arr_range_2
              FROM UNNEST(GENERATE_ARRAY(0, ARRAY_LENGTH(`t2`.`q1_1`), 1)) AS bq_arr_range_2
              WHERE
                bq_arr_range_2 <> ARRAY_LENGTH(`t2`.`q1_1`)
            ),
            []
          )) AS __ibis_param_i__
          WHERE
            (
              `t2`.`q1_1`[safe_offset(__ibis_param_i__)] IS NOT NULL
            )
            AND (
              `t2`.`q1_1`[safe_offset(__ibis_param_i__)] < (
                (
                  `t2`.`q1_0`[safe_offset(__ibis_param_i__)] - (
                    `t2`.`q1_0`[safe_offset(__ibis_param_i__)] & 15
                  )
                ) + 115200000016
              )
            )
        )
      ) > 0
    ) AS `is1`
  FROM (
    SELECT
      `t1`.`participant_id`,
      `t1`.`history`,
      `t1`.`q1_0`,
      ARRAY(
        SELECT
          (
            SELECT
              MIN(bq_arr_min_3)
            FROM UNNEST(ARRAY(
              SELECT
                __ibis_param_key__
              FROM UNNEST(`t1`.`history`) AS __ibis_param_key__
              WHERE
                __ibis_param_key__ & 15 IN (1)
                AND (
                  __ibis_param_key__ > __ibis_param_since__
                )
            )) AS bq_arr_min_3
          )
        FROM UNNEST(`t1`.`q1_0`) AS __ibis_param_since__
      ) AS `q1_1`
    FROM (
      SELECT
        `t0`.`participant_id`,
        `t0`.`history`,
        ARRAY(
          SELECT
            __ibis_param_key__
          FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
          WHERE
            __ibis_param_key__ & 15 IN (0)
        ) AS `q1_0`
      FROM `temp`.`main`.`kept_1` AS `t0`
    ) AS `t1`
  ) AS `t2`
) AS `t3`;
