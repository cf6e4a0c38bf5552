"""Acts as a boto3 program with several AWS profiles: two threads of each ask STS for their identity.

    python ask_side_by_side.py STS_URL RENEWALS PROFILE...

Runs until each profile's credentials have been renewed RENEWALS times. Prints a line of JSON per answer: the profile,
the key of the request, and the answer. Each thread has its own session, as boto3 requires.
"""

import collections
import json
import sys
import threading

import boto3

THREADS = 2


class Asking:
    def __init__(self, url, renewals, profiles):
        self.url, self.keys_wanted, self.profiles = url, renewals + 1, profiles
        self.lock = threading.Lock()
        self.keys = collections.defaultdict(set)
        self.failed = []

    def is_over(self):
        return self.failed or all(len(self.keys[profile]) >= self.keys_wanted for profile in self.profiles)

    def ask(self, profile):
        try:
            session = boto3.Session(profile_name=profile)
            client = session.client("sts", endpoint_url=self.url)
            signed = []
            client.meta.events.register("before-send", lambda request, **_: signed.append(key_of(request)))
            while not self.is_over():
                answer = client.get_caller_identity()
                said = {name: answer[name] for name in ("Account", "Arn", "UserId")}
                with self.lock:
                    self.keys[profile].add(signed[-1])
                    print(json.dumps({"profile": profile, "key": signed[-1], **said}), flush=True)
        except Exception as error:  # A thread's failure fails the program.
            self.failed.append(f"{profile}: {error!r}")

    def run(self):
        threads = [threading.Thread(target=self.ask, args=[profile]) for profile in self.profiles * THREADS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return "\n".join(self.failed) or None


def key_of(request):
    """Returns the access key id that signed a request."""
    header = request.headers["Authorization"]
    header = header.decode() if isinstance(header, bytes) else header
    return header.partition("Credential=")[2].partition("/")[0]


if __name__ == "__main__":
    sys.exit(Asking(sys.argv[1], int(sys.argv[2]), sys.argv[3:]).run())
