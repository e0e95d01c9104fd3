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
  COALESCE(`t0`.`channel`, '') AS `channel`
FROM `ga4_events` AS `t0`
WHERE
  COALESCE(`t0`.`user_pseudo_id`, '') <> ''
  AND (
    `t0`.`event_timestamp` * 1
  ) IS NOT NULL
LIMIT 202;

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

SELECT
  `t3`.`pair`,
  COUNT(*) AS `n_switches`,
  COUNT(DISTINCT `t3`.`participant_id`) AS `n_participants`
FROM (
  SELECT
    `t2`.*
    REPLACE (`table_unnest_column_2` AS `pair`)
  FROM (
    SELECT
      `t1`.`participant_id`,
      ARRAY(
        SELECT
          __ibis_param_pair__
        FROM UNNEST(ARRAY(
          SELECT
            (
              `t1`.`channel`[safe_offset(__ibis_param_turn__ - 1)] * 4
            ) + `t1`.`channel`[safe_offset(__ibis_param_turn__)]
          FROM UNNEST(IF(
            NOT NULLIF(1, 0) IS NULL AND SIGN(1) = SIGN(ARRAY_LENGTH(`t1`.`channel`) - 1),
            ARRAY(
              SELECT
                bq_arr_range_3
              FROM UNNEST(GENERATE_ARRAY(1, ARRAY_LENGTH(`t1`.`channel`), 1)) AS bq_arr_range_3
              WHERE
                bq_arr_range_3 <> ARRAY_LENGTH(`t1`.`channel`)
            ),
            []
          )) AS __ibis_param_turn__
        )) AS __ibis_param_pair__
        WHERE
          (
            MOD(__ibis_param_pair__, 5)
          ) <> 0
      ) AS `pair`
    FROM (
      SELECT
        `t0`.`participant_id`,
        ARRAY(
          SELECT
            __ibis_param_key__ & 3
          FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
        ) AS `channel`
      FROM `temp`.`main`.`kept_1` AS `t0`
    ) AS `t1`
  ) AS `t2`
  CROSS JOIN UNNEST(`t2`.`pair`) AS `table_unnest_column_2`
) AS `t3`
GROUP BY
  1;
