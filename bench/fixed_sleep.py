"""The script that most people would write. In: a URL, a file of IDs, a pause in seconds. Out: what went wrong."""

import sys
import time
from pathlib import Path

import httpx


def main() -> None:
    url, path, pause = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    headers = {"Authorization": "Bearer key_1:secret"}
    released = failed = 0
    with httpx.Client(headers=headers, timeout=30) as client:
        for line in path.read_text().splitlines():
            number_id = line.strip()
            try:
                response = client.delete(f"{url}/{number_id}")
                if response.status_code == 200:
                    released += 1
                else:
                    failed += 1
                    print(number_id, response.status_code, response.text)
            except httpx.HTTPError as error:
                failed += 1
                print(number_id, error)
            time.sleep(pause)
    print(f"released {released}, failed {failed}")


if __name__ == "__main__":
    main()
