# assay: `make help` lists the targets.
VERSION := 0.1.0
SOVERSION := 0
ifeq ($(origin CC),default)
CC := gcc
endif
BUILD ?= build
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DESTDIR ?=
FUZZ_SECONDS ?= 60
CFLAGS ?= -O2 -g
WARN := -std=c11 -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Werror
PKGS := libpq sqlite3 libcrypto libxxhash yaml-0.1 jansson zlib libzstd liblz4 liblzma libbrotlidec libcurl libmicrohttpd
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null || echo -I/usr/include/postgresql)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null || echo -lpq -lsqlite3 -lcrypto -lxxhash -lyaml -ljansson -lz -lzstd -llz4 -llzma -lbrotlidec -lcurl -lmicrohttpd)
ASSAY_CPPFLAGS := -Iinclude -D_GNU_SOURCE -DASSAY_VERSION='"$(VERSION)"' -DASSAY_LIBEXEC='"$(PREFIX)/bin"' $(PKG_CFLAGS) $(CPPFLAGS)
LIBS := -Wl,--as-needed $(PKG_LIBS) -lsnappy -lbz2 -lunistring -lpthread -lm

PROGRAMS := assay assay-verify assay-reconcile assay-report assay-purge
LIB_SRC := $(wildcard verify/*/*.c reconcile/core/*.c reports/core/*.c)
ALL_SRC := $(wildcard verify/*.c verify/*/*.c reconcile/*.c reconcile/core/*.c reports/*.c reports/core/*.c tests/unit/*.c tests/support/*.c tests/fuzz/*.c tests/bench/*.c)
HDRS := $(wildcard include/assay/*.h verify/*.h verify/*/*.h reconcile/*.h reports/*.h reconcile/core/*.h reports/core/*.h tests/support/*.h)
TEST_SRC := $(wildcard tests/unit/test_*.c)
TEST_BIN := $(TEST_SRC:tests/unit/%.c=$(BUILD)/unit/%)
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
BENCH_BIN := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_OBJ := $(call obj,$(LIB_SRC))
SUPPORT_OBJ := $(call obj,$(wildcard tests/support/*.c))
LIB_A := $(BUILD)/libassay.a
LIB_SO := $(BUILD)/libassay.so.$(VERSION)
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined

# What building, running and testing needs, and what only the gates need.
DEPS := gcc make pkg-config libc6-dev libpq-dev libsqlite3-dev libssl-dev libxxhash-dev libcmocka-dev libyaml-dev \
	libjansson-dev zlib1g-dev libzstd-dev liblz4-dev libsnappy-dev libbrotli-dev libunistring-dev \
	liblzma-dev libbz2-dev libcurl4-openssl-dev libmicrohttpd-dev sqlite3 postgresql openssl python3 ca-certificates zstd lz4 xz-utils bzip2 jq xxd busybox
DEPS_FULL := python3-venv openjdk-17-jre-headless
DEPS_PKCS11 := softhsm2 opensc
DEPS_DEV := git clang libclang-rt-dev clang-tidy clang-format cppcheck shellcheck

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all lib unit FORCE

PROFILES := $(wildcard verify/profiles/*.yaml)
BUILT_PROFILES := $(PROFILES:verify/profiles/%=$(BUILD)/share/assay/profiles/%)

EVIDENCE := $(wildcard reports/evidence/*)
BUILT_EVIDENCE := $(EVIDENCE:reports/evidence/%=$(BUILD)/share/assay/evidence/%)

all: $(PROGRAMS:%=$(BUILD)/%) $(LIB_SO) $(BUILT_PROFILES) $(BUILT_EVIDENCE) ## build the programs and libassay
lib: $(LIB_A)

# A changed compiler or flag rebuilds everything.
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@echo '$(CC) $(CFLAGS) $(WARN) $(ASSAY_CPPFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(CFLAGS) $(WARN) $(ASSAY_CPPFLAGS) $(LDFLAGS)' > $@

# Programs of tests/fuzz replay files through their own main, except under `make fuzz`.
FUZZ_MAIN ?= -DASSAY_FUZZ_MAIN
$(BUILD)/obj/tests/fuzz/%.o: ROLE_FLAGS := $(FUZZ_MAIN)
# cmocka.h needs these before it, wherever clang-format sorts it.
CMOCKA_FIRST := -include stdarg.h -include stddef.h -include stdint.h -include setjmp.h
$(BUILD)/obj/tests/unit/%.o $(BUILD)/obj/tests/support/%.o: ROLE_FLAGS := $(CMOCKA_FIRST)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ASSAY_CPPFLAGS) $(ROLE_FLAGS) $(WARN) $(CFLAGS) -fPIC -MMD -MP -c -o $@ $<

# Beside the programs as they are installed: found from the build tree, too.
$(BUILD)/share/assay/profiles/%.yaml: verify/profiles/%.yaml
	@mkdir -p $(@D)
	@cp $< $@

$(BUILD)/share/assay/evidence/%: reports/evidence/%
	@mkdir -p $(@D)
	@cp $< $@

# q, not r: two folders may hold files of one name.
$(LIB_A): $(LIB_OBJ)
	@rm -f $@
	$(AR) qcs $@ $^

$(LIB_SO): $(LIB_OBJ) libassay.map
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libassay.so.$(SOVERSION) -Wl,--version-script=libassay.map \
		-o $@ $(LIB_OBJ) $(LIBS)

$(BUILD)/assay: $(call obj,verify/assay.c $(wildcard verify/front_*.c)) $(LIB_A)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/assay-verify: $(call obj,verify/main.c $(wildcard verify/cmd_*.c)) $(LIB_A)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/assay-reconcile: $(call obj,reconcile/main.c $(wildcard reconcile/cmd_*.c)) $(LIB_A)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/assay-report: $(call obj,reports/main.c $(wildcard reports/cmd_*.c)) $(LIB_A)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/assay-purge: $(call obj,$(wildcard verify/purge*.c)) $(LIB_A)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(SUPPORT_OBJ) $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
unit: $(TEST_BIN) $(FUZZ_BIN)

##@ Install what is needed
.PHONY: deps deps-dev deps-full deps-pkcs11
deps: ## Debian packages and npm modules that building, running and testing need
	tests/deps.sh $(DEPS)
	$(MAKE) node_modules/.installed
deps-dev: ## Debian packages that only the gates need
	tests/deps.sh $(DEPS_DEV)
deps-full: ## Debian packages that only test-full needs
	tests/deps.sh $(DEPS_FULL)
deps-pkcs11: ## what only test-pkcs11 needs: Debian packages, and one of its backports unpacked in BUILD, not installed
	tests/deps.sh $(DEPS_PKCS11)
	tests/pkcs11/fetch.sh $(BUILD)/pkcs11
node_modules/.installed: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

##@ Try and test
.PHONY: demo test test-unit test-pkcs11 test-full bench
demo: ## installs what is missing, builds; real data: archive, verify, damage, locate, reprocess, verify (PG=1: from PostgreSQL)
	tests/deps.sh $(DEPS)
	$(MAKE) all node_modules/.installed
	BUILD=$(BUILD) PG=$(PG) tests/demo/demo.sh
test: all unit node_modules/.installed ## unit tests, fuzz corpora and end-to-end tests
	BUILD=$(BUILD) tests/run.sh unit fuzz e2e
test-unit: unit ## unit tests and fuzz corpora only
	BUILD=$(BUILD) tests/run.sh unit fuzz
test-pkcs11: all deps-pkcs11 ## signing keys in a PKCS#11 token: SoftHSM
	BUILD=$(BUILD) tests/run.sh pkcs11
test-full: all unit node_modules/.installed deps-full deps-pkcs11 ## the same with large inputs, keys in a token, writers from PyPI with Spark, the demo on both databases, and a minute of fuzzing each
	ASSAY_TEST_FULL=1 BUILD=$(BUILD) tests/run.sh unit fuzz e2e pkcs11 matrix demo
	$(MAKE) fuzz
bench: all $(BENCH_BIN) node_modules/.installed ## measure against the floors; writes docs/benchmarks.md
	BUILD=$(BUILD) tests/bench/run.py

##@ Gates
# Left out of cppcheck: what the analyser of clang does by following paths, C++ words as C names, >> of negative numbers (gcc defines it).
CPPCHECK_QUIET := missingIncludeSystem memleak nullPointer nullPointerRedundantCheck legacyUninitvar constStatement \
	internalAstError shiftTooManyBitsSigned
.PHONY: asan fuzz tidy clang-tidy cppcheck check format format-check check-headers check-layers check-symbols check-layout check-shell
asan: ## unit tests and fuzz corpora under AddressSanitizer and UBSan
	$(MAKE) BUILD=build-asan CFLAGS='$(SANITIZE)' test-unit
fuzz: ## libFuzzer on every target, FUZZ_SECONDS each (default 60)
	$(MAKE) BUILD=build-fuzz CC=clang FUZZ_MAIN= CFLAGS='$(SANITIZE) -fsanitize=fuzzer-no-link' build-fuzz/libassay.a
	FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_CFLAGS='-Iinclude -D_GNU_SOURCE $(SANITIZE) -fsanitize=fuzzer' FUZZ_LIBS='$(LIBS)' tests/fuzz.sh
TIDY_DEFS := -DASSAY_VERSION="$(VERSION)" -DASSAY_LIBEXEC="/usr/bin"
tidy: clang-tidy cppcheck ## clang-tidy and cppcheck
clang-tidy:
	printf '%s\n' $(ALL_SRC) | TIDY_FLAGS='-std=c11 $(CMOCKA_FIRST) -DASSAY_FUZZ_MAIN -Iinclude -D_GNU_SOURCE $(TIDY_DEFS) $(PKG_CFLAGS)' xargs -P 2 -n 1 tests/tidy.sh
cppcheck:
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
		$(CPPCHECK_QUIET:%=--suppress=%) -j 2 -D_GNU_SOURCE -DASSAY_FUZZ_MAIN $(TIDY_DEFS:%='%') -Iinclude $(ALL_SRC)
format-check: ## the sources are as clang-format leaves them
	clang-format --dry-run -Werror $(ALL_SRC) $(HDRS)
format: ## let clang-format write them so
	clang-format -i $(ALL_SRC) $(HDRS)
check: check-headers check-layers check-symbols check-layout check-shell ## the five structural gates
check-headers: $(HDRS:%=%.alone) ## every header compiles alone
%.h.alone: %.h FORCE
	@$(CC) $(ASSAY_CPPFLAGS) $(if $(filter tests/%,$<),$(CMOCKA_FIRST)) $(WARN) -fsyntax-only -include $< -x c /dev/null
check-layers: all ## who may include and link what
	BUILD=$(BUILD) tests/check-layers.sh
check-symbols: $(LIB_A) ## every global symbol begins with assay_ or ASSAY_
	tests/check-symbols.sh $(LIB_A)
check-layout: ## the top-level folders are exactly the agreed ones
	tests/check-layout.sh
check-shell: ## shellcheck on every script
	git ls-files '*.sh' .ci/run | xargs shellcheck --severity=warning --external-sources

##@ Install the product
SHARE = $(DESTDIR)$(PREFIX)/share
DOCS := README.md CHANGELOG.md LICENSE $(wildcard docs/*.md)
SCHEMAS := $(wildcard docs/*.schema.json)
.PHONY: install uninstall clean help
COMPLETIONS := bash-completion/completions/assay zsh/site-functions/_assay fish/vendor_completions.d/assay.fish
install: all $(LIB_A) $(BUILD)/assay.pc $(BUILD)/man/assay.1 $(COMPLETIONS:%=$(BUILD)/share/%) ## DESTDIR and PREFIX are honoured
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include/assay \
		$(SHARE)/doc/assay $(SHARE)/assay/schema
	install $(PROGRAMS:%=$(BUILD)/%) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(LIB_A) $(DESTDIR)$(LIBDIR)
	install -m 755 $(LIB_SO) $(DESTDIR)$(LIBDIR)
	ln -sf libassay.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libassay.so.$(SOVERSION)
	ln -sf libassay.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libassay.so
	install -m 644 $(BUILD)/assay.pc $(DESTDIR)$(LIBDIR)/pkgconfig
	install -D -m 644 -t $(SHARE)/assay/profiles $(PROFILES)
	install -D -m 644 -t $(SHARE)/assay/evidence $(EVIDENCE)
	install -m 644 include/assay/*.h $(DESTDIR)$(PREFIX)/include/assay
	install -m 644 $(DOCS) $(SHARE)/doc/assay
	set -e; for f in $(COMPLETIONS); do install -D -m 644 $(BUILD)/share/$$f $(SHARE)/$$f; done
	install -D -m 644 -t $(SHARE)/man/man1 $(BUILD)/man/*.1
	$(if $(SCHEMAS),install -m 644 $(SCHEMAS) $(SHARE)/assay/schema)
uninstall: ## remove what install put there
	rm -f $(PROGRAMS:%=$(DESTDIR)$(PREFIX)/bin/%) $(DESTDIR)$(LIBDIR)/libassay.a $(DESTDIR)$(LIBDIR)/libassay.so* \
		$(DESTDIR)$(LIBDIR)/pkgconfig/assay.pc $(COMPLETIONS:%=$(SHARE)/%) \
		$(SHARE)/man/man1/assay.1 $(SHARE)/man/man1/assay-*.1
	rm -rf $(DESTDIR)$(PREFIX)/include/assay $(SHARE)/doc/assay $(SHARE)/assay
# $(BUILD)/share/SHELL-SOMETHING/...: the shell is the first word of the path.
$(COMPLETIONS:%=$(BUILD)/share/%): $(BUILD)/assay
	@mkdir -p $(@D)
	$(BUILD)/assay completion $(firstword $(subst -, ,$(subst /, ,$(@:$(BUILD)/share/%=%)))) > $@
$(BUILD)/man/assay.1: $(BUILD)/assay docs/man.sh
	rm -rf $(@D)
	docs/man.sh $(BUILD)/assay $(@D)
$(BUILD)/assay.pc: assay.pc.in $(BUILD)/flags
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@LIBS@|$(PKG_LIBS)|' $< > $@
clean: ## remove everything that was built
	rm -rf build build-asan build-clang build-fuzz .demo .bench

help: ## this list
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z][a-z-]*:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
