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

SELECT
  `t5`.`arm`,
  SUM(
    CAST((
      `t5`.`since` - (
        `t5`.`since` & 0
      )
    ) <= 1774872960000000 AS INT64)
  ) AS `n`,
  SUM(
    CAST((
      (
        `t5`.`since` - (
          `t5`.`since` & 0
        )
      ) <= 1774872960000000
    )
    AND `t5`.`success` AS INT64)
  ) AS `n_success`,
  SUM(
    CAST(NOT (
      (
        `t5`.`since` - (
          `t5`.`since` & 0
        )
      ) <= 1774872960000000
    ) AS INT64)
  ) AS `n_open`,
  COUNT(*) AS `n_all`
FROM (
  SELECT
    `t4`.`arm`,
    `t4`.`since`,
    `t4`.`outcomes`,
    COALESCE(
      ARRAY_LENGTH(
        ARRAY(
          SELECT
            __ibis_param_moment__
          FROM UNNEST(`t4`.`outcomes`) AS __ibis_param_moment__
          WHERE
            (
              __ibis_param_moment__ >= (
                `t4`.`since` + 0
              )
            )
            AND (
              (
                __ibis_param_moment__ - (
                  __ibis_param_moment__ & 0
                )
              ) <= (
                (
                  `t4`.`since` - (
                    `t4`.`since` & 0
                  )
                ) + 43200000000
              )
            )
        )
      ) > 0,
      FALSE
    ) AS `success`
  FROM (
    SELECT
      CASE
        WHEN (
          CAST(`t3`.`_since0` IS NOT NULL AS INT64) + CAST(`t3`.`_since1` IS NOT NULL AS INT64)
        ) > 1
        THEN -1
        WHEN `t3`.`_since0` IS NOT NULL
        THEN 0
        WHEN `t3`.`_since1` IS NOT NULL
        THEN 1
        ELSE NULL
      END AS `arm`,
      COALESCE(`t3`.`_since0`, `t3`.`_since1`) AS `since`,
      `t3`.`outcomes`
    FROM (
      SELECT
        `t2`.`participant_id`,
        MIN(IF(`t2`.`event` IN ('see'), `t2`.`moment`, NULL)) AS `_since0`,
        MIN(IF(`t2`.`event` IN ('chat'), `t2`.`moment`, NULL)) AS `_since1`,
        ARRAY_AGG(IF(NOT (
          `t2`.`event` IN ('see', 'chat')
        ), `t2`.`moment`, NULL) IGNORE NULLS) AS `outcomes`
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
          AND (
            `t1`.`event` IN ('see', 'chat')
            OR (
              (
                `t1`.`event` = 'kept'
              ) AND NOT (
                `t1`.`event` IN ('see', 'chat')
              )
            )
          )
      ) AS `t2`
      GROUP BY
        1
    ) AS `t3`
  ) AS `t4`
  WHERE
    `t4`.`arm` IS NOT NULL
) AS `t5`
GROUP BY
  1;
