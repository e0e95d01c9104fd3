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

CREATE TEMP TABLE kept_2 AS
SELECT
  `t3`.`participant_id`,
  ARRAY(
    SELECT
      bq_arr_2
    FROM UNNEST(`t3`.`history`) AS bq_arr_2
    ORDER BY
      bq_arr_2
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

CREATE TEMP TABLE kept_3 AS
SELECT
  `t5`.`participant_id`,
  `t5`.`device`,
  `t5`.`t0`,
  `t5`.`t1`,
  `t5`.`t2`,
  `t5`.`start`,
  `t5`.`depth`,
  IF(
    `t5`.`depth` = 2,
    (
      SELECT
        MIN(bq_arr_min_3)
      FROM UNNEST(ARRAY(
        SELECT
          __ibis_param_key__
        FROM UNNEST(`t5`.`history`) AS __ibis_param_key__
        WHERE
          __ibis_param_key__ & 3 IN (1)
          AND (
            __ibis_param_key__ >= (
              `t5`.`_left` - (
                `t5`.`_left` & 31
              )
            )
          )
          AND TRUE
      )) AS bq_arr_min_3
    ),
    CAST(NULL AS INT64)
  ) AS `done`,
  CASE
    WHEN `t5`.`depth` = 2
    THEN (
      SELECT
        MIN(bq_arr_min_4)
      FROM UNNEST(ARRAY(
        SELECT
          __ibis_param_key__
        FROM UNNEST(`t5`.`history`) AS __ibis_param_key__
        WHERE
          __ibis_param_key__ & 3 IN (2)
          AND (
            __ibis_param_key__ >= (
              `t5`.`_left` - (
                `t5`.`_left` & 31
              )
            )
          )
          AND TRUE
      )) AS bq_arr_min_4
    )
    ELSE NULL
  END AS `elsewhere`,
  ARRAY_LENGTH(
    ARRAY(
      SELECT
        __ibis_param_key__
      FROM UNNEST(`t5`.`history`) AS __ibis_param_key__
      WHERE
        (
          __ibis_param_key__ > `t5`.`_left`
        )
        AND (
          (
            __ibis_param_key__ & 28
          ) > (
            `t5`.`_left` & 28
          )
        )
        AND __ibis_param_key__ & 28 IN (4, 12)
    )
  ) > 0 AS `seen_later`
FROM (
  SELECT
    `t4`.`participant_id`,
    `t4`.`history`,
    `t4`.`device`,
    `t4`.`_first`,
    `t4`.`t0`,
    `t4`.`t1`,
    `t4`.`t2`,
    `t4`.`depth`,
    `t4`.`start`,
    CASE
      WHEN `t4`.`depth` = 0
      THEN `t4`.`t0`
      WHEN `t4`.`depth` = 1
      THEN `t4`.`t1`
      WHEN `t4`.`depth` = 2
      THEN `t4`.`t2`
      ELSE NULL
    END AS `_left`
  FROM (
    SELECT
      `t3`.`participant_id`,
      `t3`.`history`,
      `t3`.`device`,
      `t3`.`_first`,
      `t3`.`t0`,
      `t3`.`t1`,
      `t3`.`t2`,
      CAST(CASE
        WHEN `t3`.`t2` IS NOT NULL
        THEN 2
        WHEN `t3`.`t1` IS NOT NULL
        THEN 1
        WHEN `t3`.`t0` IS NOT NULL
        THEN 0
        ELSE -1
      END AS INT64) AS `depth`,
      CAST(0 AS INT64) AS `start`
    FROM (
      SELECT
        `t2`.`participant_id`,
        `t2`.`history`,
        `t2`.`device`,
        `t2`.`_first`,
        `t2`.`t0`,
        `t2`.`t1`,
        IF(
          `t2`.`t1` IS NOT NULL,
          (
            SELECT
              MIN(bq_arr_min_5)
            FROM UNNEST(ARRAY(
              SELECT
                __ibis_param_key__
              FROM UNNEST(`t2`.`history`) AS __ibis_param_key__
              WHERE
                (
                  (
                    __ibis_param_key__ & 28
                  ) = 12
                )
                AND (
                  __ibis_param_key__ > `t2`.`t1`
                )
                AND TRUE
            )) AS bq_arr_min_5
          ),
          CAST(NULL AS INT64)
        ) AS `t2`
      FROM (
        SELECT
          `t1`.`participant_id`,
          `t1`.`history`,
          `t1`.`device`,
          `t1`.`_first`,
          `t1`.`_first` AS `t0`,
          IF(
            `t1`.`_first` IS NOT NULL,
            (
              SELECT
                MIN(bq_arr_min_6)
              FROM UNNEST(ARRAY(
                SELECT
                  __ibis_param_key__
                FROM UNNEST(`t1`.`history`) AS __ibis_param_key__
                WHERE
                  (
                    (
                      __ibis_param_key__ & 28
                    ) = 4
                  )
                  AND (
                    __ibis_param_key__ > `t1`.`_first`
                  )
                  AND TRUE
              )) AS bq_arr_min_6
            ),
            CAST(NULL AS INT64)
          ) AS `t1`
        FROM (
          SELECT
            `t0`.`participant_id`,
            `t0`.`history`,
            `t0`.`device`,
            (
              SELECT
                MIN(bq_arr_min_7)
              FROM UNNEST(ARRAY(
                SELECT
                  __ibis_param_key__
                FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
                WHERE
                  (
                    __ibis_param_key__ & 28
                  ) = 0
              )) AS bq_arr_min_7
            ) AS `_first`
          FROM `temp`.`main`.`kept_2` AS `t0`
        ) AS `t1`
        WHERE
          `t1`.`_first` IS NOT NULL
      ) AS `t2`
    ) AS `t3`
  ) AS `t4`
) AS `t5`;

SELECT
  COUNT(*) AS `n`
FROM `temp`.`main`.`kept_3` AS `t0`;

SELECT
  `t7`.`bits`,
  COUNT(*) AS `n_participants`,
  SUM(CAST(COALESCE(`t7`.`entered`, FALSE) AS INT64)) AS `n_entered`,
  SUM(CAST(COALESCE(`t7`.`completed`, FALSE) AS INT64)) AS `n_completed`
FROM (
  SELECT
    `t6`.*
    EXCEPT (`participant_id_right`)
  FROM (
    SELECT
      `t5`.`participant_id`,
      `t5`.`bits`,
      `t3`.`participant_id` AS `participant_id_right`,
      `t3`.`entered`,
      `t3`.`completed`
    FROM (
      SELECT
        `t0`.`participant_id`,
        (
          SELECT
            SUM(bq_arr_sum_8)
          FROM UNNEST(ARRAY(
            SELECT
              CASE __ibis_param_place__ WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 2 THEN 4 ELSE 0 END
            FROM UNNEST(ARRAY(
              SELECT DISTINCT
                bq_arr_9
              FROM UNNEST(ARRAY(
                SELECT
                  __ibis_param_key__ & 3
                FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
              )) AS bq_arr_9
            )) AS __ibis_param_place__
          )) AS bq_arr_sum_8
        ) AS `bits`
      FROM `temp`.`main`.`kept_1` AS `t0`
    ) AS `t5`
    LEFT OUTER JOIN (
      SELECT
        `t1`.`participant_id`,
        TRUE AS `entered`,
        `t1`.`done` IS NOT NULL AS `completed`
      FROM `temp`.`main`.`kept_3` AS `t1`
    ) AS `t3`
      ON `t5`.`participant_id` = `t3`.`participant_id`
  ) AS `t6`
) AS `t7`
GROUP BY
  1;
