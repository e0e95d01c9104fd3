SELECT DISTINCT
  COALESCE(`t0`.`channel`, '') AS `channel`
FROM `ga4_events` AS `t0`
WHERE
  COALESCE(`t0`.`user_pseudo_id`, '') <> ''
  AND (
    `t0`.`event_timestamp` * 1
  ) IS NOT NULL
LIMIT 202;

SELECT
  `t4`.`participant_id`,
  `t7`.`value`
FROM (
  SELECT
    `t1`.`participant_id`,
    `t1`.`participant_id` AS `_key`
  FROM (
    SELECT DISTINCT
      COALESCE(`t0`.`user_pseudo_id`, '') AS `participant_id`
    FROM `ga4_events` AS `t0`
    WHERE
      COALESCE(`t0`.`user_pseudo_id`, '') <> ''
  ) AS `t1`
) AS `t4`
INNER JOIN (
  SELECT
    `t5`.`participant_id` AS `_key`,
    CASE `t5`.`packed` & 7
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
      `t3`.`participant_id`,
      MIN(`t3`.`packed`) AS `packed`
    FROM (
      SELECT
        COALESCE(`t0`.`user_pseudo_id`, '') AS `participant_id`,
        (
          `t0`.`event_timestamp` * 1 * 8
        ) + CAST(CASE COALESCE(`t0`.`channel`, '')
          WHEN 'Läden'
          THEN 0
          WHEN 'app'
          THEN 1
          WHEN 'web'
          THEN 2
          ELSE NULL
        END AS INT64) AS `packed`
      FROM `ga4_events` AS `t0`
      WHERE
        COALESCE(`t0`.`user_pseudo_id`, '') <> ''
        AND (
          `t0`.`event_timestamp` * 1
        ) IS NOT NULL
    ) AS `t3`
    GROUP BY
      1
  ) AS `t5`
  WHERE
    `t5`.`packed` IS NOT NULL
) AS `t7`
  ON `t4`.`_key` = `t7`.`_key`;
