-- What a month's figures stand beside: the most that a group held at once, its limit, and how long its kernels lived.

-- NULL in months that were stored before and not again since.
ALTER TABLE manager.monthly_usage
    ADD COLUMN kernel_time NUMERIC,
    ADD COLUMN peak_cpu NUMERIC,
    ADD COLUMN peak_mem NUMERIC,
    ADD COLUMN peak_gpu NUMERIC,
    ADD COLUMN total_resource_slots JSONB;
COMMENT ON COLUMN manager.monthly_usage.kernel_time IS 'Milliseconds that the kernels lived in the month, together.';
COMMENT ON COLUMN manager.monthly_usage.peak_cpu IS
    'The most cores that the kernels held at once; peak_mem (bytes) and peak_gpu may be of other moments.';
COMMENT ON COLUMN manager.monthly_usage.total_resource_slots IS
    'The limits of the group when the month was computed. A slot that is missing has none.';

-- Peaks are of different moments: those of groups do not add up.
ALTER TABLE manager.monthly_domain_usage ADD COLUMN kernel_time NUMERIC;

-- The accelerators, and shares of them, that a kernel holds; NULL where nobody can read how many. As kernel_usage has it.
CREATE FUNCTION manager.accelerators_of(occupied_slots JSONB) RETURNS NUMERIC LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN jsonb_typeof(occupied_slots) <> 'object' THEN NULL
    WHEN occupied_slots - ARRAY['cpu', 'mem'] = '{}' THEN 0
    ELSE manager.sum_accelerator_slots(occupied_slots)
END;
