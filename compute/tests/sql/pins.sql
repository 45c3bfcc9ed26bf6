-- Sums, means and deviations, of every type.
SELECT sum(z) AS a, avg(z) AS b, var_samp(z) AS c, var_pop(z) AS d, stddev(z) AS e, stddev_pop(z) AS f FROM t
SELECT sum(w) AS a, avg(w) AS b, var_samp(w) AS c, stddev_pop(w) AS e, count(w) AS n FROM t
SELECT g, sum(x) AS a, avg(x) AS b, var_pop(x) AS c, stddev(x) AS d FROM t GROUP BY g
SELECT k, g, sum(w) AS a, avg(w) AS b, var_samp(w) AS c, stddev(w) AS d FROM t GROUP BY k, g
SELECT g, sum(y) AS a, avg(y) AS b, sum(u) AS c, var_samp(u) AS d, sum(d) AS e, avg(d) AS f, stddev(d) AS h FROM t GROUP BY g
SELECT sum(y) AS a, avg(u) AS b, var_pop(d) AS c, stddev_samp(y) AS e, mean(d) AS f FROM t WHERE flag
-- Pairs: covariance, correlation, regression.
SELECT covar_samp(z, w) AS a, covar_pop(w, z) AS b, corr(z, y) AS c FROM t
SELECT regr_slope(z, y) AS a, regr_intercept(z, y) AS b, regr_count(z, y) AS c, regr_r2(z, y) AS d, regr_avgx(z, y) AS e, regr_avgy(z, y) AS f, regr_sxx(z, y) AS h, regr_syy(z, y) AS i, regr_sxy(z, y) AS j FROM t
SELECT g, covar_samp(x, z) AS a, corr(x, z) AS b, regr_slope(x, z) AS c, regr_avgx(x, z) AS d, regr_sxx(x, z) AS e, regr_count(x, z) AS f FROM t GROUP BY g
SELECT k, covar_samp(w, z) AS a, covar_pop(w, z) AS b, corr(w, z) AS c, regr_slope(w, z) AS d, regr_intercept(w, z) AS e, regr_r2(w, z) AS f, regr_sxy(w, z) AS h, regr_syy(w, z) AS i FROM t GROUP BY k
SELECT g, corr(d, y) AS a, regr_slope(u, d) AS b, covar_pop(y, u) AS c, regr_intercept(d, z) AS d, regr_sxx(d, u) AS e, regr_avgy(d, y) AS f FROM t GROUP BY g
SELECT g, corr(z, y) FILTER (WHERE flag) AS a, regr_slope(z, u) FILTER (WHERE k < 20) AS b FROM t GROUP BY g
-- Counts, extremes, middles.
SELECT count(*) AS a, count(x) AS b, count(y) AS c, min(x) AS d, max(x) AS e, min(w) AS f, max(w) AS h FROM t
SELECT g, min(x) AS a, max(x) AS b, min(y) AS c, max(u) AS d, min(d) AS e, max(day) AS f, min(at) AS h, max(text) AS i, min(flag) AS j FROM t GROUP BY g
SELECT median(x) AS a, median(w) AS b, median(y) AS c, median(u) AS d, median(d) AS e FROM t
SELECT k, median(w) AS a, percentile_cont(0.1) WITHIN GROUP (ORDER BY z) AS b, percentile_cont(0.75) WITHIN GROUP (ORDER BY d DESC) AS c, quantile_cont(y, 0.333) AS d FROM t GROUP BY k
-- Bits, truth, texts, chosen rows.
SELECT g, bit_and(k) AS a, bit_or(u) AS b, bit_xor(u) AS c, bool_and(flag) AS d, bool_or(flag) AS e FROM t GROUP BY g
SELECT g, first_value(z ORDER BY day, id) AS a, last_value(x ORDER BY d DESC NULLS LAST, id) AS b, string_agg(text, ',' ORDER BY id) AS c FROM t WHERE id < 300 GROUP BY g
-- DISTINCT.
SELECT count(DISTINCT x) AS a, count(DISTINCT y) AS b, count(DISTINCT text) AS c, count(DISTINCT d) AS e, count(DISTINCT flag) AS f, count(DISTINCT day) AS h, count(DISTINCT at) AS i FROM t
SELECT g, count(DISTINCT x) AS a, count(DISTINCT k) AS b, count(DISTINCT text) AS c, sum(DISTINCT y) AS d, avg(DISTINCT z) AS e, stddev(DISTINCT k) AS f FROM t GROUP BY g
SELECT k, sum(DISTINCT x) AS a, var_pop(DISTINCT d) AS b, corr(DISTINCT y, k) AS c, covar_pop(DISTINCT y, u) AS d, median(DISTINCT y) AS e, count(DISTINCT g) AS f FROM t GROUP BY k
SELECT g, sum(z) AS a, count(DISTINCT y) AS b, string_agg(DISTINCT text, '') AS c, bit_xor(DISTINCT k) AS d FROM t GROUP BY g
SELECT DISTINCT g, flag, x FROM t WHERE id < 500
-- Grouping sets, HAVING, nested answers.
SELECT g, flag, grouping(g, flag) AS by, sum(z) AS a, avg(w) AS b, corr(z, y) AS c, count(DISTINCT k) AS d FROM t GROUP BY ROLLUP (g, flag)
SELECT g, flag, k, sum(y) AS a, stddev(z) AS b, median(z) AS c FROM t GROUP BY GROUPING SETS ((g), (flag, k), ())
SELECT g, flag, count(*) AS n, sum(x) AS a FROM t GROUP BY CUBE (g, flag)
SELECT k, avg(z) AS a FROM t GROUP BY k HAVING sum(z) > 0 ORDER BY a DESC, k
SELECT g, avg(s) AS a, stddev(s) AS b, regr_slope(s, m) AS c FROM (SELECT g, k, sum(z) AS s, median(w) AS m FROM t GROUP BY g, k) q GROUP BY g
SELECT x, count(*) AS n FROM t GROUP BY x
-- Windows.
SELECT id, sum(w) OVER w AS a, avg(x) OVER w AS b, stddev(z) OVER w AS c, median(y) OVER w AS d, corr(z, w) OVER w AS e, count(DISTINCT k) OVER w AS f, max(x) OVER w AS h FROM t WINDOW w AS (PARTITION BY g ORDER BY id ROWS BETWEEN 7 PRECEDING AND 2 FOLLOWING)
SELECT id, sum(z) OVER (ORDER BY day) AS a, count(*) OVER (ORDER BY day RANGE BETWEEN 100 PRECEDING AND 100 FOLLOWING) AS b, regr_slope(z, y) OVER (ORDER BY day GROUPS BETWEEN 3 PRECEDING AND CURRENT ROW) AS c FROM t
SELECT id, row_number() OVER (PARTITION BY g ORDER BY x) AS a, rank() OVER (ORDER BY x) AS b, dense_rank() OVER (ORDER BY k) AS c, ntile(7) OVER (ORDER BY z) AS d, percent_rank() OVER (ORDER BY y) AS e, cume_dist() OVER (ORDER BY day) AS f FROM t
SELECT id, lag(x, 2) OVER w AS a, lead(z, 1, -1.0) OVER w AS b, first_value(d) OVER w AS c, last_value(w) OVER w AS e, nth_value(x, 3) OVER w AS f FROM t WINDOW w AS (PARTITION BY k ORDER BY day, id)
SELECT g, sum(z) AS s, rank() OVER (ORDER BY sum(z) DESC) AS r FROM t GROUP BY g
-- Order and limit.
SELECT x, id FROM t ORDER BY x LIMIT 100
SELECT g, y, z FROM t ORDER BY g DESC NULLS LAST, y LIMIT 50 OFFSET 25
SELECT k, sum(w) AS s FROM t GROUP BY k ORDER BY s LIMIT 7
-- Joins, subqueries, sets.
SELECT n.name, sum(z * weight) AS a, count(*) AS c FROM t JOIN n ON t.g = n.g GROUP BY n.name
SELECT n.name, count(t.id) AS c, avg(t.z) AS a FROM n LEFT JOIN t ON t.g = n.g GROUP BY n.name
SELECT id, z FROM t WHERE z > (SELECT avg(z) + stddev(z) FROM t) AND g IN (SELECT g FROM n)
SELECT g, count(*) AS n FROM t GROUP BY g UNION ALL SELECT name, 1 FROM n
-- Functions and casts.
SELECT id, ln(abs(z) + 1) AS a, exp(z / 20000) AS b, pow(abs(z), 0.3) AS c, sqrt(abs(w)) AS d, sin(z) AS e, cos(z) AS f, tan(z) AS h, atan2(z, y) AS i, cbrt(w) AS j FROM t
SELECT id, asin(z / 20000) AS a, acos(z / 20000) AS b, atan(w) AS c, sinh(z / 1000) AS d, cosh(z / 1000) AS e, tanh(z) AS f, log(3, u + 1) AS h, log2(u + 1) AS i, log10(u + 1) AS j, degrees(z) AS l, radians(z) AS m FROM t
SELECT id, round(z, 2) AS a, trunc(z, 1) AS b, floor(z) AS c, ceil(x) AS d, signum(x) AS e, z % 7 AS f, y / 7 AS h, y % 7 AS i, d * 3 AS j, d / 7 AS l, u / 3 AS m FROM t WHERE id < 900
SELECT id, CAST(z AS BIGINT) AS a, CAST(d AS DOUBLE) AS b, CAST(y AS DECIMAL(20,3)) AS c, CAST(z AS VARCHAR) AS e, CAST(day AS VARCHAR) AS f, CAST(at AS DATE) AS h, CAST(x AS VARCHAR) AS i FROM t
SELECT id, CASE WHEN x > 0 THEN 'above' WHEN x = 0 THEN 'zero' ELSE 'other' END AS a, coalesce(y, k) AS b, nullif(k, 3) AS c, greatest(z, w) AS d, upper(g) AS e, substr(text, 2, 2) AS f, date_part('year', day) AS h FROM t
SELECT date_trunc('month', at) AS m, count(*) AS n, sum(z) AS s FROM t GROUP BY date_trunc('month', at)
