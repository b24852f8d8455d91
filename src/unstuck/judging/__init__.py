"""What trials are judged by: yardsticks, statistics, sequential tests, verdicts on claims."""
