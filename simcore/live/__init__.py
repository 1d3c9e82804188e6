"""Reading an account over HTTP, the extra `live` (httpx2, tenacity), into a folder that is then read like any file."""
