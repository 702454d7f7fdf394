DELETE FROM {live} AS t
WHERE NOT EXISTS (SELECT FROM {fold} AS s WHERE ({s_key}) = ({t_key}));
