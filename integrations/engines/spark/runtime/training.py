"""The job whose classes go into the fast start's archive: it does a little of what jobs usually do."""

from __future__ import annotations

import tempfile

from pyspark.sql import SparkSession


def main() -> None:
    spark = SparkSession.builder.getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        orders = spark.createDataFrame(
            [(1, "a", 1.5), (2, "b", 2.5), (2, "b", 2.5)], "id int, name string, amount double"
        )
        orders.write.parquet(f"{folder}/orders")
        spark.read.parquet(f"{folder}/orders").createOrReplaceTempView("orders")
        spark.sql(QUERY).write.mode("append").parquet(f"{folder}/answer")
        spark.read.json(spark.read.parquet(f"{folder}/answer").toJSON()).count()


QUERY = """
    WITH ranked AS (
        SELECT *, row_number() OVER (PARTITION BY id ORDER BY amount DESC, xxhash64(name)) AS place FROM orders
    )
    SELECT o.name, count(*) AS orders, round(avg(o.amount), 2) AS average, max(r.place) AS place
    FROM orders o JOIN ranked r ON r.id = o.id LEFT JOIN (SELECT DISTINCT id FROM orders) d ON d.id = o.id
    WHERE o.amount > rand(1) * 0 AND cast(o.id AS string) LIKE '%' GROUP BY o.name ORDER BY average DESC
"""

if __name__ == "__main__":
    main()
