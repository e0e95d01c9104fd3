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
  SUM(CAST((
    `t4`.`since` + 21600000000
  ) < 1774785600000000 AS INT64)) AS `n_before`,
  SUM(
    CAST((
      (
        `t4`.`since` + 21600000000
      ) < 1774785600000000
    ) AND `t4`.`success` AS INT64)
  ) AS `n_success_before`,
  SUM(
    CAST((
      `t4`.`since` >= 1774785600000000
    )
    AND (
      (
        `t4`.`since` - (
          `t4`.`since` & 0
        )
      ) <= 1774894560000000
    ) AS INT64)
  ) AS `n_after`,
  SUM(
    CAST((
      `t4`.`since` >= 1774785600000000
    )
    AND (
      (
        `t4`.`since` - (
          `t4`.`since` & 0
        )
      ) <= 1774894560000000
    )
    AND `t4`.`success` AS INT64)
  ) AS `n_success_after`,
  SUM(
    CAST(NOT (
      (
        `t4`.`since` + 21600000000
      ) < 1774785600000000
    )
    AND (
      `t4`.`since` < 1774785600000000
    ) AS INT64)
  ) AS `n_crossing`,
  SUM(
    CAST((
      `t4`.`since` >= 1774785600000000
    )
    AND NOT (
      (
        `t4`.`since` - (
          `t4`.`since` & 0
        )
      ) <= 1774894560000000
    ) AS INT64)
  ) AS `n_open`
FROM (
  SELECT
    `t3`.`participant_id`,
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
                ) + 21600000000
              )
            )
        )
      ) > 0,
      FALSE
    ) AS `success`
  FROM (
    SELECT
      `t2`.`participant_id`,
      MIN(IF(`t2`.`stage` = 'see', `t2`.`moment`, NULL)) AS `since`,
      ARRAY_AGG(IF(`t2`.`stage` = 'buy', `t2`.`moment`, NULL) IGNORE NULLS) AS `outcomes`
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
      WHERE
        (
          `t1`.`stage` = 'see'
        ) OR (
          `t1`.`stage` = 'buy'
        )
    ) AS `t2`
    GROUP BY
      1
  ) AS `t3`
  WHERE
    `t3`.`since` IS NOT NULL
) AS `t4`;
