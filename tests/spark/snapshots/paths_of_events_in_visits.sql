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
  *
FROM (
  SELECT
    `t6`.`participant_id`,
    `t6`.`session_id`,
    `t6`.`history`,
    COALESCE(`t2`.`device`, '') AS `device`
  FROM (
    SELECT
      `t4`.`participant_id`,
      `t4`.`session_id`,
      ARRAY(
        SELECT
          bq_arr_1
        FROM UNNEST(`t4`.`history`) AS bq_arr_1
        ORDER BY
          bq_arr_1
      ) AS `history`
    FROM (
      SELECT
        `t3`.`participant_id`,
        `t3`.`session_id`,
        ARRAY_AGG(IF((
          `t3`.`_key` & 15
        ) <> 10, `t3`.`_key`, NULL) IGNORE NULLS) AS `history`
      FROM (
        SELECT
          COALESCE(`t1`.`user_pseudo_id`, '') AS `participant_id`,
          COALESCE(`t1`.`ga_session_id`, '') AS `session_id`,
          (
            `t1`.`event_timestamp` * 1 * 16
          ) + CAST(CASE COALESCE(`t1`.`event_name`, '')
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
          END AS INT64) AS `_key`
        FROM `ga4_events` AS `t1`
        WHERE
          COALESCE(`t1`.`user_pseudo_id`, '') <> ''
          AND (
            `t1`.`event_timestamp` * 1
          ) IS NOT NULL
          AND COALESCE(`t1`.`ga_session_id`, '') <> ''
      ) AS `t3`
      GROUP BY
        1,
        2
    ) AS `t4`
    WHERE
      ARRAY_LENGTH(`t4`.`history`) > 0
  ) AS `t6`
  LEFT OUTER JOIN `temp`.`main`.`kept_1` AS `t2`
    ON `t6`.`participant_id` = `t2`.`participant_id`
) AS `t7`;

CREATE TEMP TABLE kept_3 AS
SELECT
  `t2`.`participant_id`,
  `t2`.`session_id`,
  `t2`.`device`,
  ARRAY_CONCAT(
    [`t2`.`path`[safe_offset(0)]],
    ARRAY(
      SELECT
        `t2`.`path`[safe_offset(__ibis_param_i__)]
      FROM UNNEST(ARRAY(
        SELECT
          __ibis_param_i__
        FROM UNNEST(IF(
          NOT NULLIF(1, 0) IS NULL AND SIGN(1) = SIGN(ARRAY_LENGTH(`t2`.`path`) - 1),
          ARRAY(
            SELECT
              bq_arr_range_2
            FROM UNNEST(GENERATE_ARRAY(1, ARRAY_LENGTH(`t2`.`path`), 1)) AS bq_arr_range_2
            WHERE
              bq_arr_range_2 <> ARRAY_LENGTH(`t2`.`path`)
          ),
          []
        )) AS __ibis_param_i__
        WHERE
          `t2`.`path`[safe_offset(__ibis_param_i__ - 1)] <> `t2`.`path`[safe_offset(__ibis_param_i__)]
      )) AS __ibis_param_i__
    )
  ) AS `path`
FROM (
  SELECT
    `t1`.*
    EXCEPT (`history`)
  FROM (
    SELECT
      `t0`.`participant_id`,
      `t0`.`session_id`,
      `t0`.`history`,
      `t0`.`device`,
      ARRAY(
        SELECT
          __ibis_param_key__ & 15
        FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
      ) AS `path`
    FROM `temp`.`main`.`kept_2` AS `t0`
  ) AS `t1`
) AS `t2`
WHERE
  ARRAY_LENGTH(`t2`.`path`) > 0;

CREATE TEMP TABLE kept_4 AS
SELECT
  `t0`.`participant_id`,
  IF(
    ARRAY_LENGTH(`t0`.`path`) > 3,
    CONCAT(
      IF(
        ARRAY_LENGTH(
          ARRAY(
            SELECT
              CAST(__ibis_param_step__ + 100 AS STRING)
            FROM UNNEST(ARRAY(
              SELECT
                el
              FROM UNNEST(`t0`.`path`) AS el WITH OFFSET AS bq_arr_slice
              WHERE
                bq_arr_slice >= IF(0 < 0, ARRAY_LENGTH(`t0`.`path`) + 0, 0)
                AND bq_arr_slice < IF(3 < 0, ARRAY_LENGTH(`t0`.`path`) + 3, 3)
            )) AS __ibis_param_step__
          )
        ) > 0,
        ARRAY_TO_STRING(
          ARRAY(
            SELECT
              CAST(__ibis_param_step__ + 100 AS STRING)
            FROM UNNEST(ARRAY(
              SELECT
                el
              FROM UNNEST(`t0`.`path`) AS el WITH OFFSET AS bq_arr_slice
              WHERE
                bq_arr_slice >= IF(0 < 0, ARRAY_LENGTH(`t0`.`path`) + 0, 0)
                AND bq_arr_slice < IF(3 < 0, ARRAY_LENGTH(`t0`.`path`) + 3, 3)
            )) AS __ibis_param_step__
          ),
          ''
        ),
        NULL
      ),
      '+'
    ),
    IF(
      ARRAY_LENGTH(
        ARRAY(
          SELECT
            CAST(__ibis_param_step__ + 100 AS STRING)
          FROM UNNEST(ARRAY(
            SELECT
              el
            FROM UNNEST(`t0`.`path`) AS el WITH OFFSET AS bq_arr_slice
            WHERE
              bq_arr_slice >= IF(0 < 0, ARRAY_LENGTH(`t0`.`path`) + 0, 0)
              AND bq_arr_slice < IF(3 < 0, ARRAY_LENGTH(`t0`.`path`) + 3, 3)
          )) AS __ibis_param_step__
        )
      ) > 0,
      ARRAY_TO_STRING(
        ARRAY(
          SELECT
            CAST(__ibis_param_step__ + 100 AS STRING)
          FROM UNNEST(ARRAY(
            SELECT
              el
            FROM UNNEST(`t0`.`path`) AS el WITH OFFSET AS bq_arr_slice
            WHERE
              bq_arr_slice >= IF(0 < 0, ARRAY_LENGTH(`t0`.`path`) + 0, 0)
              AND bq_arr_slice < IF(3 < 0, ARRAY_LENGTH(`t0`.`path`) + 3, 3)
          )) AS __ibis_param_step__
        ),
        ''
      ),
      NULL
    )
  ) AS `variant`,
  COUNT(*) AS `n`
FROM `temp`.`main`.`kept_3` AS `t0`
GROUP BY
  1,
  2;

CREATE TEMP TABLE kept_5 AS
SELECT
  `t1`.`variant`,
  SUM(`t1`.`n`) AS `n`,
  COUNT(*) AS `n_participants`,
  SUM(`t1`.`n` * `t1`.`n`) AS `hh`,
  SUM(`t1`.`n` * `t1`.`total`) AS `ht`
FROM (
  SELECT
    `t0`.`participant_id`,
    `t0`.`variant`,
    `t0`.`n`,
    SUM(`t0`.`n`) OVER (
      PARTITION BY `t0`.`participant_id`
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS `total`
  FROM `temp`.`main`.`kept_4` AS `t0`
) AS `t1`
GROUP BY
  1;

SELECT
  `t6`.`n_total`,
  `t6`.`n_clusters`,
  `t6`.`tt`,
  `t4`.`n_variants`
FROM (
  SELECT
    SUM(`t3`.`total`) AS `n_total`,
    COUNT(*) AS `n_clusters`,
    SUM(`t3`.`total` * `t3`.`total`) AS `tt`
  FROM (
    SELECT
      `t0`.`participant_id`,
      SUM(`t0`.`n`) AS `total`
    FROM `temp`.`main`.`kept_4` AS `t0`
    GROUP BY
      1
  ) AS `t3`
) AS `t6`
CROSS JOIN (
  SELECT
    COUNT(*) AS `n_variants`
  FROM `temp`.`main`.`kept_5` AS `t1`
) AS `t4`;

SELECT
  *
FROM `temp`.`main`.`kept_5` AS `t0`
ORDER BY
  `t0`.`n` DESC,
  `t0`.`variant` ASC NULLS LAST
LIMIT 10;
