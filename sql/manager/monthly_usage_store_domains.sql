INSERT INTO manager.monthly_domain_usage AS d
SELECT
    u.month,
    u.domain_name,
    count(*),
    sum(u.kernels),
    sum(u.cpu_allocated),
    sum(u.cpu_used),
    sum(u.mem_allocated),
    sum(u.mem_used),
    sum(u.shared_memory),
    sum(u.disk_allocated),
    sum(u.disk_used),
    sum(u.io_read),
    sum(u.io_write),
    sum(u.smp),
    sum(u.gpu_mem_allocated),
    sum(u.gpu_allocated),
    sum(u.kernel_time)
FROM manager.monthly_usage AS u
WHERE u.month = :month
GROUP BY u.month, u.domain_name
ON CONFLICT (month, domain_name) DO UPDATE
SET (
    groups, kernels, cpu_allocated, cpu_used, mem_allocated, mem_used, shared_memory, disk_allocated, disk_used,
    io_read, io_write, smp, gpu_mem_allocated, gpu_allocated, kernel_time
) = (
    excluded.groups, excluded.kernels, excluded.cpu_allocated, excluded.cpu_used, excluded.mem_allocated,
    excluded.mem_used, excluded.shared_memory, excluded.disk_allocated, excluded.disk_used, excluded.io_read,
    excluded.io_write, excluded.smp, excluded.gpu_mem_allocated, excluded.gpu_allocated,
    excluded.kernel_time
)
WHERE d IS DISTINCT FROM excluded;
