SELECT DISTINCT
  `t1`.`channel`
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
LIMIT 201;

SELECT
  `t3`.`participant_id`,
  CASE `t3`.`packed` & 3
    WHEN 0
    THEN 'Läden'
    WHEN 1
    THEN 'app'
    WHEN 2
    THEN 'web'
    ELSE ''
  END AS `value`
FROM (
  SELECT
    `t2`.`participant_id`,
    MIN(
      IF(
        `t2`.`channel` <> '',
        (
          `t2`.`moment` * 4
        ) + CASE `t2`.`channel`
          WHEN 'Läden'
          THEN 0
          WHEN 'app'
          THEN 1
          WHEN 'web'
          THEN 2
          ELSE NULL
        END,
        NULL
      )
    ) AS `packed`
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
  ) AS `t2`
  GROUP BY
    1
) AS `t3`
WHERE
  `t3`.`packed` IS NOT NULL;
