//! The queries, as the benchmark's text has them with its validation parameters.

/// Pricing summary: sums and means by flags.
pub const Q1: &str = "SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, \
    sum(l_extendedprice) AS sum_base_price, \
    sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price, \
    sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge, \
    avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc, \
    count(*) AS count_order FROM lineitem WHERE l_shipdate <= DATE '1998-09-02' \
    GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus";

/// Local supplier volume: six tables joined.
pub const Q5: &str = "SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue \
    FROM customer, orders, lineitem, supplier, nation, region \
    WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND l_suppkey = s_suppkey \
    AND c_nationkey = s_nationkey AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey \
    AND r_name = 'ASIA' AND o_orderdate >= DATE '1994-01-01' AND o_orderdate < DATE '1995-01-01' \
    GROUP BY n_name ORDER BY revenue DESC";

/// Forecast of revenue change: one sum behind a filter.
pub const Q6: &str = "SELECT sum(l_extendedprice * l_discount) AS revenue FROM lineitem \
    WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01' \
    AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24";

/// Large orders: a sum per order decides what is kept. The benchmark's ORDER BY has its first two
/// keys; the others break ties.
pub const Q18: &str = "SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, \
    sum(l_quantity) AS quantity FROM customer, orders, lineitem \
    WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey \
    HAVING sum(l_quantity) > 300) AND c_custkey = o_custkey AND o_orderkey = l_orderkey \
    GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice \
    ORDER BY o_totalprice DESC, o_orderdate, c_name, c_custkey, o_orderkey, quantity LIMIT 100";
