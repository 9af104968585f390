# Developer verbs. Each sets up what it needs; `make test` is the one to remember.
UV_DIR := .tools
UV := $(UV_DIR)/bin/uv
RUN := $(UV) run -q --locked
export UV_PYTHON_DOWNLOADS := never

.PHONY: test check lint types house assets browser wheel demo crash no-leak weak-link
# In so many processes, a file of tests in one of them; PROCESSES=0 runs all in this one.
PROCESSES := 2
test: $(UV) assets browser
	$(RUN) pytest -n $(PROCESSES) --dist loadfile

check: lint types house
lint: $(UV)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
types: $(UV)
	$(RUN) mypy
house: $(UV)
	$(RUN) lint-imports --no-logo

assets: $(UV)
	@$(RUN) python tools/assets.py

browser:
	@sh tools/browser.sh

wheel: $(UV) assets
	$(UV) build -q --wheel --out-dir dist

demo:
	./prasan demo

# Either node killed at random moments: make crash TIMES=20 SEED=7
TIMES := 20
SEED := 1
crash: $(UV)
	$(RUN) python tools/kill_at_random.py --times $(TIMES) --seed $(SEED)

# What is withheld changes no byte of any answer; goes on where it ended: make no-leak CASES=100000 JOBS=2
CASES := 1000
JOBS := 1
no-leak: $(UV)
	$(RUN) python tools/no_leak.py --cases $(CASES) --jobs $(JOBS) --state no-leak.json

# Two nodes over 9.6 kbit/s, 600 ms each way, breaking every 10 kB or so: some minutes
weak-link: $(UV)
	$(RUN) python tools/weak_link.py --alerts 50 --objects 500 --seed $(SEED)

$(UV):
	python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target $(UV_DIR) 'uv>=0.13,<0.14'
