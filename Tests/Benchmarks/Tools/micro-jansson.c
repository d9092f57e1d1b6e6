// SPDX-License-Identifier: Apache-2.0
// jansson on one text. usage: micro-jansson FILE SECONDS
#include "stopwatch.h"
#include <jansson.h>

static char *text;
static size_t length;

static long parse(void *context) {
    (void)context;
    for (int round = 0; round < 1000; round++) {
        json_error_t error;
        json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
        if (!root || !json_object_get(root, "seq")) exit(1);
        json_decref(root);
    }
    return 1000;
}

int main(int words, char **word) {
    if (words < 3) return 1;
    text = file_text(word[1], 0, &length);
    stopwatch(atof(word[2]), parse, NULL);
    return 0;
}
