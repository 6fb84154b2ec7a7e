"""The pages of a cache's file, as src/cache/lmdb/lmdb_pages.hpp has them, and ways to damage them."""

import struct

PAGE = 4096
HEADER = 16
NODE = 8
BRANCH = 1
IS_TREE = 2
NO_PAGE = 2 ** 64 - 1
# Where the records of the trees begin in a meta page, and in a tree's record the number of its root.
FREE_LIST, MAIN, LAST_PAGE, TRANSACTION = 40, 88, 136, 144
ROOT = 40


def number_at(file, offset, form="<Q"):
    return struct.unpack_from(form, file, offset)[0]


class Pages:
    """Those of a sound file, and where in it the structure of the trees lies."""

    def __init__(self, file):
        self.file = file
        self.meta = max((0, 1), key=lambda page: number_at(file, page * PAGE + TRANSACTION)) * PAGE
        self.page_numbers = [self.meta + LAST_PAGE]  # offsets of 8 octets each
        self.headers = []  # (offset, octets) of all that LMDB trusts
        self.leaves = {}  # of the records: page, its keys
        self.trees = {}  # name: offset of its record
        self.walk(self.meta + FREE_LIST, "free list")
        self.walk(self.meta + MAIN, "main")

    def walk(self, tree, name):
        self.trees[name] = tree
        self.page_numbers.append(tree + ROOT)
        self.headers.append((tree, ROOT + 8))
        root = number_at(self.file, tree + ROOT)
        if root != NO_PAGE:
            self.visit(root, name)

    def visit(self, page, name):
        start = page * PAGE
        kind, lower = number_at(self.file, start + 10, "<H"), number_at(self.file, start + 12, "<H")
        self.headers.append((start, lower))
        for offset in struct.unpack_from(f"<{(lower - HEADER) // 2}H", self.file, start + HEADER):
            node = start + offset
            low, high, flags, key_octets = struct.unpack_from("<4H", self.file, node)
            key = self.file[node + NODE:node + NODE + key_octets]
            self.headers.append((node, NODE))
            if kind == BRANCH:
                self.visit(low | high << 16 | flags << 32, name)
            elif flags == IS_TREE:
                self.walk(node + NODE + key_octets, key.decode())
            elif name == "records":
                self.leaves.setdefault(page, []).append(key)
            elif name == "free list" and not flags:
                value = node + NODE + key_octets
                self.page_numbers += range(value, value + (low | high << 16), 8)

    def root(self, name):
        return number_at(self.file, self.trees[name] + ROOT) * PAGE

    def node(self, page_offset, index):
        return page_offset + number_at(self.file, page_offset + HEADER + 2 * index, "<H")

    def damaged(self, random):
        """A copy of the file with a few octets changed, in one of several ways."""
        file = bytearray(self.file)
        pages = len(file) // PAGE
        random.choice((self.change_any, self.change_any, self.change_headers, self.change_headers,
                       self.change_page_numbers, self.copy_page, self.lose_page, self.lose_end))(
                           file, pages, random)
        return bytes(file)

    def change_any(self, file, pages, random):
        for _ in range(random.choice((1, 1, 3, 30, 300))):
            file[random.randrange(len(file))] = random.randrange(256)

    def change_headers(self, file, pages, random):
        for _ in range(random.choice((1, 1, 2, 10))):
            start, octets = random.choice(self.headers)
            file[start + random.randrange(octets)] = random.choice((0, 1, 255, random.randrange(256)))

    def change_page_numbers(self, file, pages, random):
        struct.pack_into("<Q", file, random.choice(self.page_numbers),
                         random.choice((0, 1, random.randrange(pages), pages, 2 ** 40, NO_PAGE)))

    def copy_page(self, file, pages, random):
        source, target = random.randrange(pages) * PAGE, random.randrange(2, pages) * PAGE
        file[target:target + PAGE] = file[source:source + PAGE]
        if random.random() < 0.5:  # as if it belonged there
            struct.pack_into("<Q", file, target, target // PAGE)

    def lose_page(self, file, pages, random):
        page = random.randrange(pages) * PAGE
        file[page:page + PAGE] = bytes(PAGE)

    def lose_end(self, file, pages, random):
        del file[random.randrange(2 * PAGE, len(file)):]

    def changed(self, file):
        """The pages that differ."""
        return {page for page in range(len(self.file) // PAGE)
                if file[page * PAGE:][:PAGE] != self.file[page * PAGE:][:PAGE]}
