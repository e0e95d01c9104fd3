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
  `t4`.`arm`,
  SUM(
    CAST((
      `t4`.`since` - (
        `t4`.`since` & 0
      )
    ) <= 1774872960000000 AS INT64)
  ) AS `n`,
  SUM(
    CAST((
      (
        `t4`.`since` - (
          `t4`.`since` & 0
        )
      ) <= 1774872960000000
    )
    AND `t4`.`success` AS INT64)
  ) AS `n_success`,
  SUM(
    CAST(NOT (
      (
        `t4`.`since` - (
          `t4`.`since` & 0
        )
      ) <= 1774872960000000
    ) AS INT64)
  ) AS `n_open`,
  COUNT(*) AS `n_all`
FROM (
  SELECT
    `t3`.`arm`,
    `t3`.`since`,
    `t3`.`outcomes`,
    COALESCE(
      ARRAY_LENGTH(
        ARRAY(
          SELECT
            __ibis_param_moment__
          FROM UNNEST(`t3`.`outcomes`) AS __ibis_param_moment__
          WHERE
            (
              __ibis_param_moment__ >= (
                `t3`.`since` + 0
              )
            )
            AND (
              (
                __ibis_param_moment__ - (
                  __ibis_param_moment__ & 0
                )
              ) <= (
                (
                  `t3`.`since` - (
                    `t3`.`since` & 0
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
          CAST(`t2`.`_since0` IS NOT NULL AS INT64) + CAST(`t2`.`_since1` IS NOT NULL AS INT64)
        ) > 1
        THEN -1
        WHEN `t2`.`_since0` IS NOT NULL
        THEN 0
        WHEN `t2`.`_since1` IS NOT NULL
        THEN 1
        ELSE NULL
      END AS `arm`,
      COALESCE(`t2`.`_since0`, `t2`.`_since1`) AS `since`,
      `t2`.`outcomes`
    FROM (
      SELECT
        `t1`.`participant_id`,
        MIN(IF(`t1`.`event` IN ('see'), `t1`.`moment`, NULL)) AS `_since0`,
        MIN(IF(`t1`.`event` IN ('chat'), `t1`.`moment`, NULL)) AS `_since1`,
        ARRAY_AGG(IF(NOT (
          `t1`.`event` IN ('see', 'chat')
        ), `t1`.`moment`, NULL) IGNORE NULLS) AS `outcomes`
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
          AND (
            COALESCE(`t0`.`event_name`, '') IN ('see', 'chat')
            OR (
              (
                COALESCE(`t0`.`event_name`, '') = 'kept'
              )
              AND NOT (
                COALESCE(`t0`.`event_name`, '') IN ('see', 'chat')
              )
            )
          )
      ) AS `t1`
      GROUP BY
        1
    ) AS `t2`
  ) AS `t3`
  WHERE
    `t3`.`arm` IS NOT NULL
) AS `t4`
GROUP BY
  1;
