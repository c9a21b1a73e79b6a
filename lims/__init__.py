"""What every laboratory system needs, whatever it measures: people, records, signatures, jobs, pages, the embedded stack."""

import gc

# Loading the product makes a million objects that all stay; by default the collector would walk through them hundreds of times, a fifth
# of every process's start. What is thrown away in circles between two walks is now at most some ten megabytes.
gc.set_threshold(50_000, 20, 50)
