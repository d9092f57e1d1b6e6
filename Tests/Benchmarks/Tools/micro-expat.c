// SPDX-License-Identifier: Apache-2.0
// expat with handlers that do nothing: the limit of parsing. usage: micro-expat FILE SECONDS
// The file's first line is the stream header; each further line is a stanza.
#include "stopwatch.h"
#include <expat.h>
#include <string.h>

static XML_Parser parser;
static char *stanzas;
static size_t length;
static long count;

static void XMLCALL started(void *context, const char *name, const char **attributes) {
    (void)context, (void)name, (void)attributes;
}
static void XMLCALL ended(void *context, const char *name) { (void)context, (void)name; }
static void XMLCALL text(void *context, const char *bytes, int number) { (void)context, (void)bytes, (void)number; }

static long parse(void *context) {
    (void)context;
    for (size_t start = 0; start < length; start += 65536) {
        size_t piece = length - start < 65536 ? length - start : 65536;
        if (XML_Parse(parser, stanzas + start, (int)piece, 0) != XML_STATUS_OK) exit(1);
    }
    return count;
}

int main(int words, char **word) {
    if (words < 3) return 1;
    char *all = file_text(word[1], 0, &length);
    stanzas = strchr(all, '\n') + 1;
    parser = XML_ParserCreate(NULL);
    XML_SetElementHandler(parser, started, ended);
    XML_SetCharacterDataHandler(parser, text);
    if (XML_Parse(parser, all, (int)(stanzas - all), 0) != XML_STATUS_OK) return 1;
    length -= (size_t)(stanzas - all);
    for (size_t index = 0; index < length; index++) count += stanzas[index] == '\n';
    stopwatch(atof(word[2]), parse, NULL);
    return 0;
}
