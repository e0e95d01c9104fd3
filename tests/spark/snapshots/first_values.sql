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

WITH `t1` AS (
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
)
SELECT
  `t5`.`participant_id`,
  `t9`.`value`
FROM (
  SELECT
    `t3`.`participant_id`,
    `t3`.`participant_id` AS `_key`
  FROM (
    SELECT DISTINCT
      `t2`.`participant_id`
    FROM `t1` AS `t2`
    WHERE
      `t2`.`participant_id` <> ''
  ) AS `t3`
) AS `t5`
INNER JOIN (
  SELECT
    `t7`.`participant_id` AS `_key`,
    CASE `t7`.`packed` & 7
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
      `t6`.`participant_id`,
      MIN(`t6`.`packed`) AS `packed`
    FROM (
      SELECT
        `t2`.`participant_id`,
        (
          IF(`t2`.`place` IN (4, 5), COALESCE(`t2`.`moment`, 0), `t2`.`moment`) * 8
        ) + CAST(CASE `t2`.`channel`
          WHEN 'Läden'
          THEN 0
          WHEN 'app'
          THEN 1
          WHEN 'web'
          THEN 2
          ELSE NULL
        END AS INT64) AS `packed`
      FROM `t1` AS `t2`
      WHERE
        `t2`.`participant_id` <> ''
        AND IF(`t2`.`place` IN (4, 5), COALESCE(`t2`.`moment`, 0), `t2`.`moment`) IS NOT NULL
    ) AS `t6`
    GROUP BY
      1
  ) AS `t7`
  WHERE
    `t7`.`packed` IS NOT NULL
) AS `t9`
  ON `t5`.`_key` = `t9`.`_key`;
