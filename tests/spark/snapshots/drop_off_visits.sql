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
    `t7`.`participant_id`,
    `t7`.`session_id`,
    `t7`.`history`,
    COALESCE(`t2`.`device`, '') AS `device`
  FROM (
    SELECT
      `t5`.`participant_id`,
      `t5`.`session_id`,
      ARRAY(
        SELECT
          bq_arr_1
        FROM UNNEST(`t5`.`history`) AS bq_arr_1
        ORDER BY
          bq_arr_1
      ) AS `history`
    FROM (
      SELECT
        `t4`.`participant_id`,
        `t4`.`session_id`,
        ARRAY_AGG(IF((
          `t4`.`_key` & 31
        ) <> 24, `t4`.`_key`, NULL) IGNORE NULLS) AS `history`
      FROM (
        SELECT
          `t3`.`participant_id`,
          `t3`.`session_id`,
          (
            `t3`.`moment` * 32
          ) + (
            (
              `t3`.`place` * 4
            ) + CASE `t3`.`event` WHEN 'kept' THEN 1 WHEN 'called' THEN 2 ELSE 0 END
          ) AS `_key`
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
        ) AS `t3`
        WHERE
          `t3`.`session_id` <> ''
      ) AS `t4`
      GROUP BY
        1,
        2
    ) AS `t5`
    WHERE
      ARRAY_LENGTH(`t5`.`history`) > 0
  ) AS `t7`
  LEFT OUTER JOIN `temp`.`main`.`kept_1` AS `t2`
    ON `t7`.`participant_id` = `t2`.`participant_id`
) AS `t8`;

CREATE TEMP TABLE kept_3 AS
SELECT
  `t5`.`participant_id`,
  `t5`.`session_id`,
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
        MIN(bq_arr_min_2)
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
      )) AS bq_arr_min_2
    ),
    CAST(NULL AS INT64)
  ) AS `done`,
  CASE
    WHEN `t5`.`depth` = 2
    THEN (
      SELECT
        MIN(bq_arr_min_3)
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
      )) AS bq_arr_min_3
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
    `t4`.`session_id`,
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
      `t3`.`session_id`,
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
        `t2`.`session_id`,
        `t2`.`history`,
        `t2`.`device`,
        `t2`.`_first`,
        `t2`.`t0`,
        `t2`.`t1`,
        IF(
          `t2`.`t1` IS NOT NULL,
          (
            SELECT
              MIN(bq_arr_min_4)
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
            )) AS bq_arr_min_4
          ),
          CAST(NULL AS INT64)
        ) AS `t2`
      FROM (
        SELECT
          `t1`.`participant_id`,
          `t1`.`session_id`,
          `t1`.`history`,
          `t1`.`device`,
          `t1`.`_first`,
          `t1`.`_first` AS `t0`,
          IF(
            `t1`.`_first` IS NOT NULL,
            (
              SELECT
                MIN(bq_arr_min_5)
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
              )) AS bq_arr_min_5
            ),
            CAST(NULL AS INT64)
          ) AS `t1`
        FROM (
          SELECT
            `t0`.`participant_id`,
            `t0`.`session_id`,
            `t0`.`history`,
            `t0`.`device`,
            (
              SELECT
                MIN(bq_arr_min_6)
              FROM UNNEST(ARRAY(
                SELECT
                  __ibis_param_key__
                FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
                WHERE
                  (
                    __ibis_param_key__ & 28
                  ) = 0
              )) AS bq_arr_min_6
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
  `t2`.`device`,
  COALESCE(SUM(`t2`.`entered0`), 0) AS `entered0`,
  COALESCE(SUM(`t2`.`started0`), 0) AS `started0`,
  COALESCE(SUM(`t2`.`continued0`), 0) AS `continued0`,
  COALESCE(SUM(`t2`.`elsewhere0`), 0) AS `elsewhere0`,
  COALESCE(SUM(`t2`.`open0`), 0) AS `open0`,
  COALESCE(SUM(`t2`.`dropped0`), 0) AS `dropped0`,
  COALESCE(SUM(`t2`.`later0`), 0) AS `later0`,
  COALESCE(SUM(`t2`.`followed0`), 0) AS `followed0`,
  COALESCE(SUM(`t2`.`entered1`), 0) AS `entered1`,
  COALESCE(SUM(`t2`.`started1`), 0) AS `started1`,
  COALESCE(SUM(`t2`.`continued1`), 0) AS `continued1`,
  COALESCE(SUM(`t2`.`elsewhere1`), 0) AS `elsewhere1`,
  COALESCE(SUM(`t2`.`open1`), 0) AS `open1`,
  COALESCE(SUM(`t2`.`dropped1`), 0) AS `dropped1`,
  COALESCE(SUM(`t2`.`later1`), 0) AS `later1`,
  COALESCE(SUM(`t2`.`followed1`), 0) AS `followed1`,
  COALESCE(SUM(`t2`.`entered2`), 0) AS `entered2`,
  COALESCE(SUM(`t2`.`started2`), 0) AS `started2`,
  COALESCE(SUM(`t2`.`continued2`), 0) AS `continued2`,
  COALESCE(SUM(`t2`.`elsewhere2`), 0) AS `elsewhere2`,
  COALESCE(SUM(`t2`.`open2`), 0) AS `open2`,
  COALESCE(SUM(`t2`.`dropped2`), 0) AS `dropped2`,
  COALESCE(SUM(`t2`.`later2`), 0) AS `later2`,
  COALESCE(SUM(`t2`.`followed2`), 0) AS `followed2`,
  COALESCE(SUM(CAST(`t2`.`followed0` > 0 AS INT64)), 0) AS `drop_clusters0`,
  COALESCE(SUM(`t2`.`dropped0` * `t2`.`dropped0`), 0) AS `drop_hh0`,
  COALESCE(SUM(`t2`.`dropped0` * `t2`.`followed0`), 0) AS `drop_ht0`,
  COALESCE(SUM(`t2`.`followed0` * `t2`.`followed0`), 0) AS `drop_tt0`,
  COALESCE(SUM(CAST(`t2`.`entered0` > 0 AS INT64)), 0) AS `reach_clusters0`,
  COALESCE(SUM(`t2`.`entered0` * `t2`.`entered0`), 0) AS `reach_hh0`,
  COALESCE(SUM(`t2`.`entered0` * `t2`.`entered0`), 0) AS `reach_ht0`,
  COALESCE(SUM(`t2`.`entered0` * `t2`.`entered0`), 0) AS `reach_tt0`,
  COALESCE(SUM(CAST(`t2`.`followed1` > 0 AS INT64)), 0) AS `drop_clusters1`,
  COALESCE(SUM(`t2`.`dropped1` * `t2`.`dropped1`), 0) AS `drop_hh1`,
  COALESCE(SUM(`t2`.`dropped1` * `t2`.`followed1`), 0) AS `drop_ht1`,
  COALESCE(SUM(`t2`.`followed1` * `t2`.`followed1`), 0) AS `drop_tt1`,
  COALESCE(SUM(CAST(`t2`.`entered0` > 0 AS INT64)), 0) AS `reach_clusters1`,
  COALESCE(SUM(`t2`.`entered1` * `t2`.`entered1`), 0) AS `reach_hh1`,
  COALESCE(SUM(`t2`.`entered1` * `t2`.`entered0`), 0) AS `reach_ht1`,
  COALESCE(SUM(`t2`.`entered0` * `t2`.`entered0`), 0) AS `reach_tt1`,
  COALESCE(SUM(CAST(`t2`.`followed2` > 0 AS INT64)), 0) AS `drop_clusters2`,
  COALESCE(SUM(`t2`.`dropped2` * `t2`.`dropped2`), 0) AS `drop_hh2`,
  COALESCE(SUM(`t2`.`dropped2` * `t2`.`followed2`), 0) AS `drop_ht2`,
  COALESCE(SUM(`t2`.`followed2` * `t2`.`followed2`), 0) AS `drop_tt2`,
  COALESCE(SUM(CAST(`t2`.`entered0` > 0 AS INT64)), 0) AS `reach_clusters2`,
  COALESCE(SUM(`t2`.`entered2` * `t2`.`entered2`), 0) AS `reach_hh2`,
  COALESCE(SUM(`t2`.`entered2` * `t2`.`entered0`), 0) AS `reach_ht2`,
  COALESCE(SUM(`t2`.`entered0` * `t2`.`entered0`), 0) AS `reach_tt2`
FROM (
  SELECT
    `t1`.`participant_id`,
    `t1`.`device`,
    COALESCE(SUM(CAST(`t1`.`t0` IS NOT NULL AS INT64)), 0) AS `entered0`,
    COALESCE(SUM(CAST((
      `t1`.`t0` IS NOT NULL
    ) AND (
      `t1`.`start` = 0
    ) AS INT64)), 0) AS `started0`,
    COALESCE(SUM(CAST((
      `t1`.`t0` IS NOT NULL
    ) AND (
      `t1`.`t1` IS NOT NULL
    ) AS INT64)), 0) AS `continued0`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t0` IS NOT NULL
        )
        AND NOT (
          `t1`.`t1` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NOT NULL
        ) AS INT64)
      ),
      0
    ) AS `elsewhere0`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t0` IS NOT NULL
        )
        AND NOT (
          `t1`.`t1` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND `t1`.`recent0` AS INT64)
      ),
      0
    ) AS `open0`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t0` IS NOT NULL
        )
        AND NOT (
          `t1`.`t1` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND NOT (
          `t1`.`recent0`
        ) AS INT64)
      ),
      0
    ) AS `dropped0`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t0` IS NOT NULL
        )
        AND NOT (
          `t1`.`t1` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND NOT (
          `t1`.`recent0`
        )
        AND `t1`.`seen_later` AS INT64)
      ),
      0
    ) AS `later0`,
    COALESCE(SUM(CAST((
      `t1`.`t0` IS NOT NULL
    ) AND NOT (
      `t1`.`recent0`
    ) AS INT64)), 0) AS `followed0`,
    COALESCE(SUM(CAST(`t1`.`t1` IS NOT NULL AS INT64)), 0) AS `entered1`,
    COALESCE(SUM(CAST((
      `t1`.`t1` IS NOT NULL
    ) AND (
      `t1`.`start` = 1
    ) AS INT64)), 0) AS `started1`,
    COALESCE(SUM(CAST((
      `t1`.`t1` IS NOT NULL
    ) AND (
      `t1`.`t2` IS NOT NULL
    ) AS INT64)), 0) AS `continued1`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t1` IS NOT NULL
        )
        AND NOT (
          `t1`.`t2` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NOT NULL
        ) AS INT64)
      ),
      0
    ) AS `elsewhere1`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t1` IS NOT NULL
        )
        AND NOT (
          `t1`.`t2` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND `t1`.`recent1` AS INT64)
      ),
      0
    ) AS `open1`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t1` IS NOT NULL
        )
        AND NOT (
          `t1`.`t2` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND NOT (
          `t1`.`recent1`
        ) AS INT64)
      ),
      0
    ) AS `dropped1`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t1` IS NOT NULL
        )
        AND NOT (
          `t1`.`t2` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND NOT (
          `t1`.`recent1`
        )
        AND `t1`.`seen_later` AS INT64)
      ),
      0
    ) AS `later1`,
    COALESCE(SUM(CAST((
      `t1`.`t1` IS NOT NULL
    ) AND NOT (
      `t1`.`recent1`
    ) AS INT64)), 0) AS `followed1`,
    COALESCE(SUM(CAST(`t1`.`t2` IS NOT NULL AS INT64)), 0) AS `entered2`,
    COALESCE(SUM(CAST((
      `t1`.`t2` IS NOT NULL
    ) AND (
      `t1`.`start` = 2
    ) AS INT64)), 0) AS `started2`,
    COALESCE(
      SUM(CAST((
        `t1`.`t2` IS NOT NULL
      ) AND (
        `t1`.`done` IS NOT NULL
      ) AS INT64)),
      0
    ) AS `continued2`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t2` IS NOT NULL
        )
        AND NOT (
          `t1`.`done` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NOT NULL
        ) AS INT64)
      ),
      0
    ) AS `elsewhere2`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t2` IS NOT NULL
        )
        AND NOT (
          `t1`.`done` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND `t1`.`recent2` AS INT64)
      ),
      0
    ) AS `open2`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t2` IS NOT NULL
        )
        AND NOT (
          `t1`.`done` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND NOT (
          `t1`.`recent2`
        ) AS INT64)
      ),
      0
    ) AS `dropped2`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t2` IS NOT NULL
        )
        AND NOT (
          `t1`.`done` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND NOT (
          `t1`.`recent2`
        )
        AND `t1`.`seen_later` AS INT64)
      ),
      0
    ) AS `later2`,
    COALESCE(SUM(CAST((
      `t1`.`t2` IS NOT NULL
    ) AND NOT (
      `t1`.`recent2`
    ) AS INT64)), 0) AS `followed2`
  FROM (
    SELECT
      `t0`.`participant_id`,
      `t0`.`session_id`,
      `t0`.`device`,
      `t0`.`t0`,
      `t0`.`t1`,
      `t0`.`t2`,
      `t0`.`start`,
      `t0`.`depth`,
      `t0`.`done`,
      `t0`.`elsewhere`,
      `t0`.`seen_later`,
      FALSE AS `recent0`,
      FALSE AS `recent1`,
      FALSE AS `recent2`
    FROM `temp`.`main`.`kept_3` AS `t0`
  ) AS `t1`
  GROUP BY
    1,
    2
) AS `t2`
GROUP BY
  1;

CREATE TEMP TABLE kept_4 AS
SELECT
  *
FROM (
  SELECT
    `t10`.`participant_id`,
    `t10`.`session_id`,
    `t10`.`history`,
    COALESCE(`t2`.`device`, '') AS `device`
  FROM (
    SELECT
      `t8`.`participant_id`,
      `t8`.`session_id`,
      ARRAY(
        SELECT
          bq_arr_7
        FROM UNNEST(`t8`.`history`) AS bq_arr_7
        ORDER BY
          bq_arr_7
      ) AS `history`
    FROM (
      SELECT
        `t7`.`participant_id`,
        `t7`.`session_id`,
        ARRAY_AGG(IF((
          `t7`.`_key` & 31
        ) <> 24, `t7`.`_key`, NULL) IGNORE NULLS) AS `history`
      FROM (
        SELECT
          `t6`.`participant_id`,
          `t6`.`session_id`,
          (
            `t6`.`moment` * 32
          ) + (
            (
              `t6`.`place` * 4
            ) + CASE `t6`.`event` WHEN 'kept' THEN 1 WHEN 'called' THEN 2 ELSE 0 END
          ) AS `_key`
        FROM (
          SELECT
            *
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
          ) AS `t3`
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              `t4`.`participant_id`,
              `t4`.`session_id`,
              `t4`.`event`,
              `t4`.`channel`,
              `t4`.`device`,
              `t4`.`stage`,
              `t4`.`place`,
              `t4`.`place` - 6 AS `moment`,
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
              WHERE
                COALESCE(`t1`.`user_pseudo_id`, '') <> ''
                AND (
                  `t1`.`event_timestamp` * 1
                ) IS NULL
            ) AS `t4`
            WHERE
              `t4`.`place` IN (4, 5)
          ) AS `t5`
        ) AS `t6`
        WHERE
          `t6`.`session_id` <> ''
      ) AS `t7`
      GROUP BY
        1,
        2
    ) AS `t8`
    WHERE
      ARRAY_LENGTH(`t8`.`history`) > 0
  ) AS `t10`
  LEFT OUTER JOIN `temp`.`main`.`kept_1` AS `t2`
    ON `t10`.`participant_id` = `t2`.`participant_id`
) AS `t11`;

CREATE TEMP TABLE kept_5 AS
SELECT
  `t4`.`participant_id`,
  `t4`.`session_id`,
  `t4`.`device`,
  `t4`.`t0`,
  `t4`.`t1`,
  `t4`.`start`,
  `t4`.`depth`,
  CAST(NULL AS INT64) AS `done`,
  CAST(NULL AS INT64) AS `elsewhere`,
  ARRAY_LENGTH(
    ARRAY(
      SELECT
        __ibis_param_key__
      FROM UNNEST(`t4`.`history`) AS __ibis_param_key__
      WHERE
        (
          __ibis_param_key__ > `t4`.`_left`
        )
        AND (
          (
            __ibis_param_key__ & 28
          ) > (
            `t4`.`_left` & 28
          )
        )
        AND __ibis_param_key__ & 28 IN (20)
    )
  ) > 0 AS `seen_later`
FROM (
  SELECT
    `t3`.`participant_id`,
    `t3`.`session_id`,
    `t3`.`history`,
    `t3`.`device`,
    `t3`.`_first`,
    `t3`.`t0`,
    `t3`.`t1`,
    `t3`.`depth`,
    `t3`.`start`,
    CASE
      WHEN `t3`.`depth` = 0
      THEN `t3`.`t0`
      WHEN `t3`.`depth` = 1
      THEN `t3`.`t1`
      ELSE NULL
    END AS `_left`
  FROM (
    SELECT
      `t2`.`participant_id`,
      `t2`.`session_id`,
      `t2`.`history`,
      `t2`.`device`,
      `t2`.`_first`,
      `t2`.`t0`,
      `t2`.`t1`,
      CAST(CASE WHEN `t2`.`t1` IS NOT NULL THEN 1 WHEN `t2`.`t0` IS NOT NULL THEN 0 ELSE -1 END AS INT64) AS `depth`,
      CAST(0 AS INT64) AS `start`
    FROM (
      SELECT
        `t1`.`participant_id`,
        `t1`.`session_id`,
        `t1`.`history`,
        `t1`.`device`,
        `t1`.`_first`,
        `t1`.`_first` AS `t0`,
        IF(
          `t1`.`_first` IS NOT NULL,
          (
            SELECT
              MIN(bq_arr_min_8)
            FROM UNNEST(ARRAY(
              SELECT
                __ibis_param_key__
              FROM UNNEST(`t1`.`history`) AS __ibis_param_key__
              WHERE
                (
                  (
                    __ibis_param_key__ & 28
                  ) = 20
                )
                AND (
                  __ibis_param_key__ > `t1`.`_first`
                )
                AND TRUE
            )) AS bq_arr_min_8
          ),
          CAST(NULL AS INT64)
        ) AS `t1`
      FROM (
        SELECT
          `t0`.`participant_id`,
          `t0`.`session_id`,
          `t0`.`history`,
          `t0`.`device`,
          (
            SELECT
              MIN(bq_arr_min_9)
            FROM UNNEST(ARRAY(
              SELECT
                __ibis_param_key__
              FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
              WHERE
                (
                  __ibis_param_key__ & 28
                ) = 16
            )) AS bq_arr_min_9
          ) AS `_first`
        FROM `temp`.`main`.`kept_4` AS `t0`
      ) AS `t1`
      WHERE
        `t1`.`_first` IS NOT NULL
    ) AS `t2`
  ) AS `t3`
) AS `t4`;

SELECT
  COUNT(*) AS `n`
FROM `temp`.`main`.`kept_5` AS `t0`;

SELECT
  `t2`.`device`,
  COALESCE(SUM(`t2`.`entered0`), 0) AS `entered0`,
  COALESCE(SUM(`t2`.`started0`), 0) AS `started0`,
  COALESCE(SUM(`t2`.`continued0`), 0) AS `continued0`,
  COALESCE(SUM(`t2`.`elsewhere0`), 0) AS `elsewhere0`,
  COALESCE(SUM(`t2`.`open0`), 0) AS `open0`,
  COALESCE(SUM(`t2`.`dropped0`), 0) AS `dropped0`,
  COALESCE(SUM(`t2`.`later0`), 0) AS `later0`,
  COALESCE(SUM(`t2`.`followed0`), 0) AS `followed0`,
  COALESCE(SUM(`t2`.`entered1`), 0) AS `entered1`,
  COALESCE(SUM(`t2`.`started1`), 0) AS `started1`,
  COALESCE(SUM(`t2`.`continued1`), 0) AS `continued1`,
  COALESCE(SUM(`t2`.`elsewhere1`), 0) AS `elsewhere1`,
  COALESCE(SUM(`t2`.`open1`), 0) AS `open1`,
  COALESCE(SUM(`t2`.`dropped1`), 0) AS `dropped1`,
  COALESCE(SUM(`t2`.`later1`), 0) AS `later1`,
  COALESCE(SUM(`t2`.`followed1`), 0) AS `followed1`,
  COALESCE(SUM(CAST(`t2`.`followed0` > 0 AS INT64)), 0) AS `drop_clusters0`,
  COALESCE(SUM(`t2`.`dropped0` * `t2`.`dropped0`), 0) AS `drop_hh0`,
  COALESCE(SUM(`t2`.`dropped0` * `t2`.`followed0`), 0) AS `drop_ht0`,
  COALESCE(SUM(`t2`.`followed0` * `t2`.`followed0`), 0) AS `drop_tt0`,
  COALESCE(SUM(CAST(`t2`.`entered0` > 0 AS INT64)), 0) AS `reach_clusters0`,
  COALESCE(SUM(`t2`.`entered0` * `t2`.`entered0`), 0) AS `reach_hh0`,
  COALESCE(SUM(`t2`.`entered0` * `t2`.`entered0`), 0) AS `reach_ht0`,
  COALESCE(SUM(`t2`.`entered0` * `t2`.`entered0`), 0) AS `reach_tt0`,
  COALESCE(SUM(CAST(`t2`.`followed1` > 0 AS INT64)), 0) AS `drop_clusters1`,
  COALESCE(SUM(`t2`.`dropped1` * `t2`.`dropped1`), 0) AS `drop_hh1`,
  COALESCE(SUM(`t2`.`dropped1` * `t2`.`followed1`), 0) AS `drop_ht1`,
  COALESCE(SUM(`t2`.`followed1` * `t2`.`followed1`), 0) AS `drop_tt1`,
  COALESCE(SUM(CAST(`t2`.`entered0` > 0 AS INT64)), 0) AS `reach_clusters1`,
  COALESCE(SUM(`t2`.`entered1` * `t2`.`entered1`), 0) AS `reach_hh1`,
  COALESCE(SUM(`t2`.`entered1` * `t2`.`entered0`), 0) AS `reach_ht1`,
  COALESCE(SUM(`t2`.`entered0` * `t2`.`entered0`), 0) AS `reach_tt1`
FROM (
  SELECT
    `t1`.`participant_id`,
    `t1`.`device`,
    COALESCE(SUM(CAST(`t1`.`t0` IS NOT NULL AS INT64)), 0) AS `entered0`,
    COALESCE(SUM(CAST((
      `t1`.`t0` IS NOT NULL
    ) AND (
      `t1`.`start` = 0
    ) AS INT64)), 0) AS `started0`,
    COALESCE(SUM(CAST((
      `t1`.`t0` IS NOT NULL
    ) AND (
      `t1`.`t1` IS NOT NULL
    ) AS INT64)), 0) AS `continued0`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t0` IS NOT NULL
        )
        AND NOT (
          `t1`.`t1` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NOT NULL
        ) AS INT64)
      ),
      0
    ) AS `elsewhere0`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t0` IS NOT NULL
        )
        AND NOT (
          `t1`.`t1` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND `t1`.`recent0` AS INT64)
      ),
      0
    ) AS `open0`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t0` IS NOT NULL
        )
        AND NOT (
          `t1`.`t1` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND NOT (
          `t1`.`recent0`
        ) AS INT64)
      ),
      0
    ) AS `dropped0`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t0` IS NOT NULL
        )
        AND NOT (
          `t1`.`t1` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND NOT (
          `t1`.`recent0`
        )
        AND `t1`.`seen_later` AS INT64)
      ),
      0
    ) AS `later0`,
    COALESCE(SUM(CAST((
      `t1`.`t0` IS NOT NULL
    ) AND NOT (
      `t1`.`recent0`
    ) AS INT64)), 0) AS `followed0`,
    COALESCE(SUM(CAST(`t1`.`t1` IS NOT NULL AS INT64)), 0) AS `entered1`,
    COALESCE(SUM(CAST((
      `t1`.`t1` IS NOT NULL
    ) AND (
      `t1`.`start` = 1
    ) AS INT64)), 0) AS `started1`,
    COALESCE(
      SUM(CAST((
        `t1`.`t1` IS NOT NULL
      ) AND (
        `t1`.`done` IS NOT NULL
      ) AS INT64)),
      0
    ) AS `continued1`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t1` IS NOT NULL
        )
        AND NOT (
          `t1`.`done` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NOT NULL
        ) AS INT64)
      ),
      0
    ) AS `elsewhere1`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t1` IS NOT NULL
        )
        AND NOT (
          `t1`.`done` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND `t1`.`recent1` AS INT64)
      ),
      0
    ) AS `open1`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t1` IS NOT NULL
        )
        AND NOT (
          `t1`.`done` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND NOT (
          `t1`.`recent1`
        ) AS INT64)
      ),
      0
    ) AS `dropped1`,
    COALESCE(
      SUM(
        CAST((
          `t1`.`t1` IS NOT NULL
        )
        AND NOT (
          `t1`.`done` IS NOT NULL
        )
        AND (
          `t1`.`elsewhere` IS NULL
        )
        AND NOT (
          `t1`.`recent1`
        )
        AND `t1`.`seen_later` AS INT64)
      ),
      0
    ) AS `later1`,
    COALESCE(SUM(CAST((
      `t1`.`t1` IS NOT NULL
    ) AND NOT (
      `t1`.`recent1`
    ) AS INT64)), 0) AS `followed1`
  FROM (
    SELECT
      `t0`.`participant_id`,
      `t0`.`session_id`,
      `t0`.`device`,
      `t0`.`t0`,
      `t0`.`t1`,
      `t0`.`start`,
      `t0`.`depth`,
      `t0`.`done`,
      `t0`.`elsewhere`,
      `t0`.`seen_later`,
      FALSE AS `recent0`,
      FALSE AS `recent1`
    FROM `temp`.`main`.`kept_5` AS `t0`
  ) AS `t1`
  GROUP BY
    1,
    2
) AS `t2`
GROUP BY
  1;
