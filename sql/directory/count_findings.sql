SELECT v.code, count(f.code) AS findings
FROM finding_severity AS v
LEFT JOIN finding AS f ON f.code = v.code
GROUP BY v.code;
