"""The local backend: HTTP API, job store, worker processes.

The HTTP process (`server`, `app`, `jobs`) answers, remembers and supervises, and never loads torch. Everything slow
happens in a worker process (`worker`, `tasks`), which may crash without taking a job's record with it; models are
installed in a second one (`model_tasks`).
"""

__all__ = [
    "encryption",
    "handover",
    "layout",
    "server",
    "store",
    "users",
]  # modules: each is loaded only where it is needed
