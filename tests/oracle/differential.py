#!/usr/bin/env python3
"""Feeds the C driver and the Python oracle of the canonical form the same lines and compares their answers.

    differential.py [--lines N] [--seed S] DRIVER

Cells and key bytes must be equal, and both must reject the same values; the sentences of a rejection may differ.
Exit 1 when anything differs, or when too little was accepted or rejected for the run to mean something.
"""
import argparse
import decimal
import multiprocessing
import random
import struct
import subprocess
import sys

import assay_oracle as oracle
import corners
from nested_lines import line_under, nested_lines
from random_values import KINDS, NATIVE, TEXT_OF, random_text, random_typed

SHOWN = 3  # differences of one type and kind under one set of rules
LONG_ANSWER = 10_000  # hex digits; the keys of longer ones are compared, not ordered, for Python's sake
PLAIN_SHARE = 0.5  # of the lines; the sets of rules share the rest evenly
NESTED_SHARE = 0.25  # so many lines more are of nested types, and up to twice as many corners of these
NESTED_TYPES = ['list<integer>', 'struct<a: text>', 'map<text, integer>']


def random_line(rng, type_name, kinds):
    pick = rng.random()
    if pick < .05:
        kind, data = random_typed(rng, rng.choice(KINDS))
    elif pick < .40:
        kind, data = random_typed(rng, rng.choice(kinds))
    else:
        kind = rng.choice(('lexeme', 'lexeme', 'text') + (('json',) if type_name == 'json' else ()))
        data = random_text(rng, type_name if pick < .97 else rng.choice(list(TEXT_OF)))
    return type_name, kind, data


def spelled(line):
    return f'{line[0]}\t{line[1]}\t{line[2].hex()}'


def at_most(rng, lines, count):
    return lines if len(lines) <= count else rng.sample(lines, count)


def plain_lines(rng, count):
    """Corners of each type under that type; then a half of corners under all other types, a half of random lines."""
    own = [(t, k, d) for t in oracle.TAGS for k, d in corners.TYPED if k.split(':')[0] in NATIVE[t]]
    own += [(t, 'lexeme', d) for t, texts in corners.LEXEMES.items() for d in texts]
    own += [('json', 'json', d) for d in corners.LEXEMES['json']] + corners.LARGE
    foreign = [(t, k, d) for t in oracle.TAGS for k, d in corners.TYPED if k.split(':')[0] not in NATIVE[t]]
    foreign += [(t, k, d) for t in oracle.TAGS for d in corners.TEXTS for k in ('lexeme', 'text')]
    lines = at_most(rng, own, count * 3 // 4)
    lines += at_most(rng, foreign, (count - len(lines)) // 2)
    types = list(oracle.TAGS)
    while len(lines) < count:
        type_name = rng.choice(types)
        lines.append(random_line(rng, type_name, NATIVE[type_name]))
    return lines


def ruled_lines(rng, rule_set, count):
    """Lines for one set of rules: its types, the kinds that it speaks of, texts that it is about."""
    _, types, kinds, texts = rule_set
    lines = [(t, k, d) for t in types for k, d in corners.TYPED]
    lines += [(t, k, d) for t in types for k in ('text', 'lexeme') for d in texts + corners.TEXTS]
    lines += [(t, 'lexeme', d) for t in types for d in corners.LEXEMES.get(t, ())]
    lines = at_most(rng, lines, count * 3 // 4)
    while len(lines) < count:
        type_name = rng.choice(types)
        lines.append(line_under(rng, type_name) if '<' in type_name else
                     random_line(rng, type_name, kinds or NATIVE[type_name]))
    return lines


def answer_of(job):
    rules, lines = job
    bound = oracle.parse_rules(rules)
    return [oracle.answer(line, bound) for line in lines]


def answers_of_oracle(pool, rules, lines):
    step = 500
    jobs = [(rules, lines[i:i + step]) for i in range(0, len(lines), step)]
    return [a for part in pool.imap(answer_of, jobs) for a in part]


def answers_of_driver(driver, rules, lines):
    done = subprocess.run([driver, *rules], input='\n'.join(lines) + '\n', capture_output=True, text=True)
    answers = done.stdout.split('\n')[:-1]
    if done.returncode or len(answers) != len(lines):
        at = min(len(answers), len(lines) - 1)
        sys.exit(f'{driver} {" ".join(rules)}: exit {done.returncode}, {len(answers)} answers to {len(lines)} lines; '
                 f'first without one: {lines[at][:200]!r}\n{done.stderr[-2000:]}')
    return answers


def agree(a, b):
    return a == b or (a[:1] == '!' and b[:1] == '!')


class Tally:
    def __init__(self):
        self.lines = self.accepted = self.differ = 0
        self.by_type, self.shown = {}, {}

    def complain(self, what):
        print(what)
        self.differ += 1

    def add(self, rules, line, wanted, got):
        self.lines += 1
        self.accepted += wanted[:1] != '!'
        per_type = self.by_type.setdefault(line[0].split('<')[0].strip(), [0, 0])
        per_type[wanted[:1] != '!'] += 1
        if agree(wanted, got):
            return
        self.differ += 1
        place = ' '.join(rules), line[0].split('<')[0].strip(), line[1].split(':')[0]
        self.shown[place] = self.shown.get(place, 0) + 1
        if self.shown[place] <= SHOWN:
            print(f'differ: {" ".join(rules)} {line[0]} {line[1]} {line[2][:120]!r}\n'
                  f'  oracle {wanted[:200]}\n  C      {got[:200]}')


def check_keys(lines, answers, tally):
    """Key bytes of what was accepted: in the order of the values, one for each cell, none the beginning of another."""
    exact = decimal.Context(prec=LONG_ANSWER, Emin=-decimal.MAX_EMAX // 4, Emax=decimal.MAX_EMAX // 4)
    for type_name in ORDERED:
        keys = {}
        for line, answer in zip(lines, answers):
            if line[0] == type_name and answer[:1] != '!' and len(answer) < LONG_ANSWER:
                cell, key = (bytes.fromhex(part) for part in answer.split('\t'))
                if keys.setdefault(key, cell) != cell:
                    tally.complain(f'{type_name}: one key for two cells: {key.hex()[:200]}')
        rising = sorted(keys)
        for a, b in zip(rising, rising[1:]):
            if b.startswith(a):
                tally.complain(f'{type_name}: a key begins another: {a.hex()[:200]}')
            if not order_of(keys[a], exact) < order_of(keys[b], exact):
                tally.complain(f'{type_name}: keys out of order: {a.hex()[:200]} {b.hex()[:200]}')


# Types whose keys sort as their values do. The others are in buckets.
ORDERED = ('boolean', 'integer', 'decimal', 'text', 'bytes', 'date', 'time', 'timestamp', 'timestamptz', 'uuid')


def order_of(cell, exact):
    """What the value of a cell sorts by, without regard to its key bytes."""
    tag = cell[:1]
    if tag == b'\0':
        return (0,)
    if tag == b'N' and cell[1]:
        return ({3: 1, 2: 3, 1: 4}[cell[1]],)
    if tag == b'N':
        e, c = int.from_bytes(cell[2:6], 'big', signed=True), int.from_bytes(cell[10:], 'big', signed=True)
        return (2, exact.create_decimal(c).scaleb(e, exact))
    if tag in b'TB':
        return (1, cell[5:])
    layout = {b'D': '>i', b'C': '>q', b'S': '>qI', b'Z': '>qI'}.get(tag)
    return (1, *struct.unpack(layout, cell[1:])) if layout else (1, cell[1:])


def compare_arguments(driver, tally):
    """Which types refuse which arguments of rules: every type reads a NULL under each."""
    lines = [(t, 'null', b'') for t in [*oracle.TAGS, *NESTED_TYPES]]
    for rule in corners.ARGUMENTS:
        texts = [spelled(line) for line in lines]
        for line, a, b in zip(lines, answer_of(([rule], texts)), answers_of_driver(driver, [rule], texts)):
            tally.add([rule], line, a, b)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('driver')
    parser.add_argument('--lines', type=int, default=200_000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--rules', help='only sets of rules whose text contains this')
    parser.add_argument('--nested', action='store_true', help='only lists, structs and maps')
    args = parser.parse_args()
    partly = args.rules is not None or args.nested
    tally = Tally()
    sets = [s for s in corners.RULE_SETS if args.rules is None or args.rules in ' '.join(s[0])]
    with multiprocessing.Pool(2) as pool:
        runs = [] if partly else [([], plain_lines(random.Random(args.seed), int(args.lines * PLAIN_SHARE)))]
        if args.rules is None:
            runs.append(([], nested_lines(random.Random(args.seed), int(args.lines * NESTED_SHARE))))
        each = int(args.lines * (1 - PLAIN_SHARE) / len(corners.RULE_SETS))
        for i, rule_set in enumerate([] if args.nested else sets):
            runs.append((rule_set[0], ruled_lines(random.Random(args.seed * 1000 + i), rule_set, each)))
        if not args.nested:
            compare_arguments(args.driver, tally)
        for rules, lines in runs:
            texts = [spelled(line) for line in lines]
            got = answers_of_driver(args.driver, rules, texts)
            before = tally.accepted, tally.lines
            for line, a, b in zip(lines, answers_of_oracle(pool, rules, texts), got):
                tally.add(rules, line, a, b)
            if tally.accepted == before[0] or tally.accepted - before[0] == tally.lines - before[1]:
                tally.complain(f'nothing accepted, or nothing rejected, under {rules}')
            if not rules:
                check_keys(lines, got, tally)
    print(f'{tally.lines} lines, {tally.accepted} accepted, {tally.differ} differ (seed {args.seed})')
    empty = [t for t, (no, yes) in tally.by_type.items() if min(no, yes) * 10 < min(args.lines // 100, 1000)]
    if empty and not partly:
        print(f'too few lines accepted or rejected for {", ".join(empty)}')
    return 1 if tally.differ or (empty and not partly) else 0


if __name__ == '__main__':
    sys.exit(main())
