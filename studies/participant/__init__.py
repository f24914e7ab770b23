"""What participants reach: pages without a session, and a small API behind the visit's secret."""
