# assay: `make help` lists the targets.
VERSION := 0.1.0
SOVERSION := 0
CC ?= gcc
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CFLAGS ?= -O2 -g
WARN := -std=c11 -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Werror
PKGS := libpq sqlite3 libcrypto libxxhash yaml-0.1 jansson zlib libzstd liblz4 libbrotlidec
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null || echo -I/usr/include/postgresql)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null || echo -lpq -lsqlite3 -lcrypto -lxxhash -lyaml -ljansson -lz -lzstd -llz4 -lbrotlidec)
ASSAY_CPPFLAGS := -Iinclude -D_GNU_SOURCE -DASSAY_VERSION='"$(VERSION)"' -DASSAY_LIBEXEC='"$(PREFIX)/bin"' $(PKG_CFLAGS) $(CPPFLAGS)
LIBS := -Wl,--as-needed $(PKG_LIBS) -lsnappy -lpthread -lm

PROGRAMS := assay assay-verify assay-reconcile assay-report
LIB_SRC := $(wildcard verify/*/*.c reconcile/core/*.c reports/core/*.c)
ALL_SRC := $(wildcard verify/*.c verify/*/*.c reconcile/*.c reconcile/core/*.c reports/*.c reports/core/*.c tests/unit/*.c tests/support/*.c tests/fuzz/*.c tests/bench/*.c)
HDRS := $(wildcard include/assay/*.h verify/*/*.h reconcile/core/*.h reports/core/*.h tests/support/*.h)
TEST_SRC := $(wildcard tests/unit/test_*.c)
TEST_BIN := $(TEST_SRC:tests/unit/%.c=$(BUILD)/unit/%)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_OBJ := $(call obj,$(LIB_SRC))
SUPPORT_OBJ := $(call obj,$(wildcard tests/support/*.c))
LIB_A := $(BUILD)/libassay.a
LIB_SO := $(BUILD)/libassay.so.$(VERSION)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all lib unit FORCE

all: $(PROGRAMS:%=$(BUILD)/%) ## build the four programs and libassay
lib: $(LIB_A)

# A changed compiler or flag rebuilds everything.
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@echo '$(CC) $(CFLAGS) $(WARN) $(ASSAY_CPPFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(CFLAGS) $(WARN) $(ASSAY_CPPFLAGS) $(LDFLAGS)' > $@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ASSAY_CPPFLAGS) $(WARN) $(CFLAGS) -fPIC -MMD -MP -c -o $@ $<

$(LIB_A): $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/assay: $(call obj,verify/assay.c) $(LIB_A)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/assay-verify: $(call obj,verify/main.c $(wildcard verify/cmd_*.c)) $(LIB_A)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/assay-reconcile: $(call obj,reconcile/main.c $(wildcard reconcile/cmd_*.c)) $(LIB_A)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/assay-report: $(call obj,reports/main.c $(wildcard reports/cmd_*.c)) $(LIB_A)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(SUPPORT_OBJ) $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)
unit: $(TEST_BIN)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
