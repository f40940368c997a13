"""The local backend: HTTP API, job store, worker process.

The HTTP process (`server`, `app`, `queue`) answers, remembers and supervises, and never loads torch. Everything slow
happens in one worker process (`worker`, `tasks`), which may crash without taking a job's record with it.
"""

__all__ = ["handover", "layout", "server", "store"]  # modules: each is loaded only where it is needed
