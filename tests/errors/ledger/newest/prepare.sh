echo x > $LEDGER/newest
