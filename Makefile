# Each command sets up what it needs and says what it does. ENV=turi or ENV=modern decides by hand.
PYTHON ?= python3
ENV ?= auto
# Taken as it was written: a folder may have a $ in its name.
override export FOLDER := $(value FOLDER)

RUN = $(PYTHON) tools/environments.py
# In a container everybody is root, and Jupyter starts for root only when told to.
AS_ROOT = $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)

# HOST and PORT only from make's own command line: some shells set them too, and HOST opens the page to others.
APP = $(if $(filter command,$(origin HOST)),--host=$(HOST)) $(if $(filter command,$(origin PORT)),--port=$(PORT))
# Each visitor costs memory, and no frame is on show: the lighter environment, unless the other is asked for.
PROXIES = $(if $(filter command,$(origin PROXY)),$(addprefix --proxy=,$(PROXY)))
APP_ENV = $(if $(filter auto,$(ENV)),modern,$(ENV))

# In the environment: a password in it is not for the list of processes.
ifeq ($(origin DATABASE),command line)
export KINFRAME_DATABASE := $(value DATABASE)
endif

# All but umap, whose compiler is larger than the rest of what it brings; pip install umap-learn adds it.
EXTRAS = app camtrap cluster heic service text train test

# One file for all systems, with the hash of every file that a package comes in.
LOCK = $(RUN) modern -- -m uv --no-python-downloads pip compile --universal --generate-hashes --no-annotate \
	--custom-compile-command="make lock"

.PHONY: demo app serve test check audit lab bench bench-quality bench-service lock clean

demo: ## notebook 01 on the sample photos, or on FOLDER=path/to/photos
	@$(RUN) $(ENV) -- -m helpers.demo

app: ## the explorer as a web page for a class, on the sample photos or on FOLDER=…; HOST=0.0.0.0 lets others in; PORT=…
	@$(RUN) $(APP_ENV) -- -m helpers.app $(APP)

serve: ## a search service over HTTP for the sample photos or FOLDER=…; DATABASE=postgresql://…; HOST=…; PORT=…; PROXY=…
	@$(RUN) modern -- -m helpers.service $${FOLDER:+"--photos=$$FOLDER"} $(APP) $(PROXIES)

lab: ## JupyterLab on the notebooks
	@$(RUN) $(ENV) -- -m jupyterlab --notebook-dir=notebooks $(AS_ROOT)

test: ## lint, types, and every test in every environment that this machine can have
	@$(PYTHON) tools/run_tests.py

check: ## lint, types, and the unit tests of one environment: what to run before each commit
	@$(PYTHON) tools/run_tests.py --check

audit: ## weak places in the code (bandit), and packages with known ones (pip-audit, where the internet can be reached)
	@$(PYTHON) tools/audit.py

bench: ## how fast it is, beside Turi Create and whatever other peers are here; also build/bench.json
	@$(RUN) modern -- -m benchmarks

bench-quality: ## how right it is, on real photos where they are at hand: animals, words, groups, copies, regions
	@$(RUN) modern -- -m benchmarks --quality --full

bench-service: ## the search service with 100,000 images, in a file and in PostgreSQL, and fifty who ask at once
	@$(RUN) modern -- -m benchmarks --only service --full

lock: ## the newest versions that go together for Python 3.10 and newer, and the hashes of both environments' packages
	@$(RUN) modern -- -m pip install --quiet uv
	@$(LOCK) pyproject.toml $(addprefix --extra=,$(EXTRAS)) --python-version=3.10 --upgrade --output-file=requirements.lock
	@sed -n 's/^ *- \([^ ]*==[^ ]*\).*/\1/p' environment.yml | \
		$(LOCK) - --no-deps --python-version=3.8 --output-file=environment.lock

clean: ## the environments and everything that was built
	rm -rf .venv .venv-turi .venv-torch .venv-fastdup build
