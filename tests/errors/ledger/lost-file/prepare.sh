find $LEDGER/charges $LEDGER/day_sums -name '*.parquet' -not -path '*_delta_log*' -delete
