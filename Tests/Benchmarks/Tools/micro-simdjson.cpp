// SPDX-License-Identifier: Apache-2.0
// simdjson's DOM parser on one text: validates all of it and makes a tape. usage: micro-simdjson FILE SECONDS
#include "stopwatch.h"
#include <simdjson.h>

static simdjson::dom::parser parser;
static simdjson::padded_string text;

static long parse(void *) {
    for (int round = 0; round < 1000; round++) {
        simdjson::dom::element root;
        int64_t seq;
        if (parser.parse(text).get(root) || root["seq"].get(seq)) exit(1);
    }
    return 1000;
}

int main(int words, char **word) {
    if (words < 3) return 1;
    size_t length;
    char *bytes = file_text(word[1], 0, &length);
    text = simdjson::padded_string(bytes, length);
    stopwatch(atof(word[2]), parse, nullptr);
    return 0;
}
