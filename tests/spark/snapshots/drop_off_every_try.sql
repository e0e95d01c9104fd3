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
  `t9`.*
  EXCEPT (`_turn`)
FROM (
  SELECT
    *
  FROM (
    SELECT
      `t7`.`participant_id`,
      `t7`.`device`,
      `t7`.`t0`,
      `t7`.`t1`,
      `t7`.`t2`,
      `t7`.`start`,
      `t7`.`depth`,
      `t7`.`done`,
      `t7`.`elsewhere`,
      `t7`.`seen_later`,
      ROW_NUMBER() OVER (
        PARTITION BY `t7`.`participant_id`
        ORDER BY `t7`.`depth` DESC, `t7`.`done` IS NULL ASC, `t7`.`t0` ASC, `t7`.`elsewhere` IS NULL ASC, `t7`.`seen_later` DESC
      ) - 1 AS `_turn`
    FROM (
      SELECT
        `t6`.`participant_id`,
        `t6`.`device`,
        `t6`.`t0`,
        `t6`.`t1`,
        `t6`.`t2`,
        `t6`.`start`,
        `t6`.`depth`,
        IF(
          `t6`.`depth` = 2,
          (
            SELECT
              MIN(bq_arr_min_2)
            FROM UNNEST(ARRAY(
              SELECT
                __ibis_param_key__
              FROM UNNEST(`t6`.`history`) AS __ibis_param_key__
              WHERE
                __ibis_param_key__ & 3 IN (1)
                AND (
                  __ibis_param_key__ >= (
                    `t6`.`_left` - (
                      `t6`.`_left` & 31
                    )
                  )
                )
                AND (
                  __ibis_param_key__ < (
                    (
                      `t6`.`_first` - (
                        `t6`.`_first` & 31
                      )
                    ) + 230400000032
                  )
                )
            )) AS bq_arr_min_2
          ),
          CAST(NULL AS INT64)
        ) AS `done`,
        CASE
          WHEN `t6`.`depth` = 2
          THEN (
            SELECT
              MIN(bq_arr_min_3)
            FROM UNNEST(ARRAY(
              SELECT
                __ibis_param_key__
              FROM UNNEST(`t6`.`history`) AS __ibis_param_key__
              WHERE
                __ibis_param_key__ & 3 IN (2)
                AND (
                  __ibis_param_key__ >= (
                    `t6`.`_left` - (
                      `t6`.`_left` & 31
                    )
                  )
                )
                AND (
                  __ibis_param_key__ < (
                    (
                      `t6`.`_first` - (
                        `t6`.`_first` & 31
                      )
                    ) + 230400000032
                  )
                )
            )) AS bq_arr_min_3
          )
          ELSE NULL
        END AS `elsewhere`,
        ARRAY_LENGTH(
          ARRAY(
            SELECT
              __ibis_param_key__
            FROM UNNEST(`t6`.`history`) AS __ibis_param_key__
            WHERE
              (
                __ibis_param_key__ > `t6`.`_left`
              )
              AND (
                (
                  __ibis_param_key__ & 28
                ) > (
                  `t6`.`_left` & 28
                )
              )
              AND __ibis_param_key__ & 28 IN (4, 12)
          )
        ) > 0 AS `seen_later`
      FROM (
        SELECT
          `t5`.`participant_id`,
          `t5`.`history`,
          `t5`.`device`,
          `t5`.`_first`,
          `t5`.`t0`,
          `t5`.`t1`,
          `t5`.`t2`,
          `t5`.`depth`,
          `t5`.`start`,
          CASE
            WHEN `t5`.`depth` = 0
            THEN `t5`.`t0`
            WHEN `t5`.`depth` = 1
            THEN `t5`.`t1`
            WHEN `t5`.`depth` = 2
            THEN `t5`.`t2`
            ELSE NULL
          END AS `_left`
        FROM (
          SELECT
            `t4`.`participant_id`,
            `t4`.`history`,
            `t4`.`device`,
            `t4`.`_first`,
            `t4`.`t0`,
            `t4`.`t1`,
            `t4`.`t2`,
            CAST(CASE
              WHEN `t4`.`t2` IS NOT NULL
              THEN 2
              WHEN `t4`.`t1` IS NOT NULL
              THEN 1
              WHEN `t4`.`t0` IS NOT NULL
              THEN 0
              ELSE -1
            END AS INT64) AS `depth`,
            CAST(0 AS INT64) AS `start`
          FROM (
            SELECT
              `t3`.`participant_id`,
              `t3`.`history`,
              `t3`.`device`,
              `t3`.`_first`,
              `t3`.`t0`,
              `t3`.`t1`,
              IF(
                `t3`.`t1` IS NOT NULL,
                (
                  SELECT
                    MIN(bq_arr_min_4)
                  FROM UNNEST(ARRAY(
                    SELECT
                      __ibis_param_key__
                    FROM UNNEST(`t3`.`history`) AS __ibis_param_key__
                    WHERE
                      (
                        (
                          __ibis_param_key__ & 28
                        ) = 12
                      )
                      AND (
                        __ibis_param_key__ > `t3`.`t1`
                      )
                      AND (
                        __ibis_param_key__ < (
                          (
                            `t3`.`_first` - (
                              `t3`.`_first` & 31
                            )
                          ) + 230400000032
                        )
                      )
                  )) AS bq_arr_min_4
                ),
                CAST(NULL AS INT64)
              ) AS `t2`
            FROM (
              SELECT
                `t2`.`participant_id`,
                `t2`.`history`,
                `t2`.`device`,
                `t2`.`_first`,
                `t2`.`_first` AS `t0`,
                IF(
                  `t2`.`_first` IS NOT NULL,
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
                          ) = 4
                        )
                        AND (
                          __ibis_param_key__ > `t2`.`_first`
                        )
                        AND (
                          __ibis_param_key__ < (
                            (
                              `t2`.`_first` - (
                                `t2`.`_first` & 31
                              )
                            ) + 230400000032
                          )
                        )
                    )) AS bq_arr_min_5
                  ),
                  CAST(NULL AS INT64)
                ) AS `t1`
              FROM (
                SELECT
                  `t1`.*
                  REPLACE (`table_unnest_column_6` AS `_first`)
                FROM (
                  SELECT
                    `t0`.`participant_id`,
                    `t0`.`history`,
                    `t0`.`device`,
                    ARRAY(
                      SELECT
                        __ibis_param_key__
                      FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
                      WHERE
                        (
                          __ibis_param_key__ & 28
                        ) = 0
                    ) AS `_first`
                  FROM `temp`.`main`.`kept_1` AS `t0`
                ) AS `t1`
                CROSS JOIN UNNEST(`t1`.`_first`) AS `table_unnest_column_6`
              ) AS `t2`
            ) AS `t3`
          ) AS `t4`
        ) AS `t5`
      ) AS `t6`
    ) AS `t7`
  ) AS `t8`
  WHERE
    `t8`.`_turn` = 0
) AS `t9`;

SELECT
  COUNT(*) AS `n`
FROM `temp`.`main`.`kept_2` AS `t0`;

SELECT
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
  FROM `temp`.`main`.`kept_2` AS `t0`
) AS `t1`
GROUP BY
  1;

CREATE TEMP TABLE kept_3 AS
SELECT
  `t6`.`participant_id`,
  ARRAY(
    SELECT
      bq_arr_7
    FROM UNNEST(`t6`.`history`) AS bq_arr_7
    ORDER BY
      bq_arr_7
  ) AS `history`,
  CASE `t6`.`_device` & 3 WHEN 0 THEN 'desk' WHEN 1 THEN 'phone' ELSE '' END AS `device`
FROM (
  SELECT
    `t5`.`participant_id`,
    ARRAY_AGG(IF((
      `t5`.`_key` & 31
    ) <> 24, `t5`.`_key`, NULL) IGNORE NULLS) AS `history`,
    MIN(
      (
        (
          `t5`.`_key` - (
            `t5`.`_key` & 31
          )
        ) * 1
      ) + `t5`.`_device`
    ) AS `_device`
  FROM (
    SELECT
      `t4`.`participant_id`,
      (
        `t4`.`moment` * 32
      ) + (
        (
          `t4`.`place` * 4
        ) + CASE `t4`.`event` WHEN 'kept' THEN 1 WHEN 'called' THEN 2 ELSE 0 END
      ) AS `_key`,
      CAST(CAST(CASE `t4`.`device` WHEN 'desk' THEN 0 WHEN 'phone' THEN 1 ELSE NULL END AS INT64) AS INT64) AS `_device`
    FROM (
      SELECT
        *
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
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          `t2`.`participant_id`,
          `t2`.`session_id`,
          `t2`.`event`,
          `t2`.`channel`,
          `t2`.`device`,
          `t2`.`stage`,
          `t2`.`place`,
          `t2`.`place` - 6 AS `moment`,
          `t2`.`value`
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
            ) IS NULL
        ) AS `t2`
        WHERE
          `t2`.`place` IN (4, 5)
      ) AS `t3`
    ) AS `t4`
  ) AS `t5`
  GROUP BY
    1
) AS `t6`
WHERE
  ARRAY_LENGTH(`t6`.`history`) > 0;

CREATE TEMP TABLE kept_4 AS
SELECT
  `t8`.*
  EXCEPT (`_turn`)
FROM (
  SELECT
    *
  FROM (
    SELECT
      `t6`.`participant_id`,
      `t6`.`device`,
      `t6`.`t0`,
      `t6`.`t1`,
      `t6`.`start`,
      `t6`.`depth`,
      `t6`.`done`,
      `t6`.`elsewhere`,
      `t6`.`seen_later`,
      ROW_NUMBER() OVER (
        PARTITION BY `t6`.`participant_id`
        ORDER BY `t6`.`depth` DESC, `t6`.`done` IS NULL ASC, `t6`.`t0` ASC, `t6`.`elsewhere` IS NULL ASC, `t6`.`seen_later` DESC
      ) - 1 AS `_turn`
    FROM (
      SELECT
        `t5`.`participant_id`,
        `t5`.`device`,
        `t5`.`t0`,
        `t5`.`t1`,
        `t5`.`start`,
        `t5`.`depth`,
        CAST(NULL AS INT64) AS `done`,
        CAST(NULL AS INT64) AS `elsewhere`,
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
              AND __ibis_param_key__ & 28 IN (20)
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
          `t4`.`depth`,
          `t4`.`start`,
          CASE
            WHEN `t4`.`depth` = 0
            THEN `t4`.`t0`
            WHEN `t4`.`depth` = 1
            THEN `t4`.`t1`
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
            CAST(CASE WHEN `t3`.`t1` IS NOT NULL THEN 1 WHEN `t3`.`t0` IS NOT NULL THEN 0 ELSE -1 END AS INT64) AS `depth`,
            CAST(0 AS INT64) AS `start`
          FROM (
            SELECT
              `t2`.`participant_id`,
              `t2`.`history`,
              `t2`.`device`,
              `t2`.`_first`,
              `t2`.`_first` AS `t0`,
              IF(
                `t2`.`_first` IS NOT NULL,
                (
                  SELECT
                    MIN(bq_arr_min_8)
                  FROM UNNEST(ARRAY(
                    SELECT
                      __ibis_param_key__
                    FROM UNNEST(`t2`.`history`) AS __ibis_param_key__
                    WHERE
                      (
                        (
                          __ibis_param_key__ & 28
                        ) = 20
                      )
                      AND (
                        __ibis_param_key__ > `t2`.`_first`
                      )
                      AND (
                        __ibis_param_key__ < (
                          (
                            `t2`.`_first` - (
                              `t2`.`_first` & 31
                            )
                          ) + 230400000032
                        )
                      )
                  )) AS bq_arr_min_8
                ),
                CAST(NULL AS INT64)
              ) AS `t1`
            FROM (
              SELECT
                `t1`.*
                REPLACE (`table_unnest_column_9` AS `_first`)
              FROM (
                SELECT
                  `t0`.`participant_id`,
                  `t0`.`history`,
                  `t0`.`device`,
                  ARRAY(
                    SELECT
                      __ibis_param_key__
                    FROM UNNEST(`t0`.`history`) AS __ibis_param_key__
                    WHERE
                      (
                        __ibis_param_key__ & 28
                      ) = 16
                  ) AS `_first`
                FROM `temp`.`main`.`kept_3` AS `t0`
              ) AS `t1`
              CROSS JOIN UNNEST(`t1`.`_first`) AS `table_unnest_column_9`
            ) AS `t2`
          ) AS `t3`
        ) AS `t4`
      ) AS `t5`
    ) AS `t6`
  ) AS `t7`
  WHERE
    `t7`.`_turn` = 0
) AS `t8`;

SELECT
  COUNT(*) AS `n`
FROM `temp`.`main`.`kept_4` AS `t0`;

SELECT
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
  FROM `temp`.`main`.`kept_4` AS `t0`
) AS `t1`
GROUP BY
  1;
