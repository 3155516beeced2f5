/* quickstart-model: writes a real network and an input for it, without any package.
 *
 * The network is MobileNetV2 in ONNX, with seeded weights; the input is a seeded
 * image batch in numpy's .npy format. Both depend on the seed alone, so that the
 * expected output can be checked in: test/data/quickstart.
 */
#define _POSIX_C_SOURCE 200809L
#include "mobilenet.h"
#include "random.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_USAGE = 2, MAX_BATCH = 1024 };

typedef struct Options {
  const char *model, *input;
  uint64_t seed;
  size_t batch;
} Options;

static const char usage[] = "usage: quickstart-model [--model FILE.onnx] [--input FILE.npy] [--batch N] [--seed N]\n"
                            "\n"
                            "Writes MobileNetV2 (224x224, dynamic batch) with seeded weights as an ONNX model,\n"
                            "and a seeded input for it.\n"
                            "\n"
                            "  --model FILE.onnx  where to write the network: input \"image\" [batch, 3, 224, 224],\n"
                            "                     output \"logits\" [batch, 1000]\n"
                            "  --input FILE.npy   where to write the input\n"
                            "  --batch N          images in the input, 1 to 1024 (default 1); the first images of\n"
                            "                     a larger batch are those of a smaller one\n"
                            "  --seed N           seed of weights and input (default 2)\n";

static bool writeFile(const char *path, const Bytes *bytes) {
  if (bytes->failed) {
    fprintf(stderr, "quickstart-model: out of memory while building %s\n", path);
    return false;
  }
  FILE *file = fopen(path, "wb");
  bool ok = file && fwrite(bytes->data, 1, bytes->size, file) == bytes->size;
  int error = errno;
  if (file && fclose(file) && ok) {
    error = errno;
    ok = false;
  }
  if (!ok) {
    fprintf(stderr, "quickstart-model: cannot write %s: %s\n", path, strerror(error));
    struct stat status; /* half a file must not stay, but a device or a pipe is not ours to remove */
    if (file && !stat(path, &status) && S_ISREG(status.st_mode)) remove(path);
  }
  return ok;
}

/* numpy's format 1.0: magic, version, size of the header, header padded to 64 bytes, data. */
static Bytes buildInput(uint64_t seed, size_t batch) {
  enum { PREFIX = 10, ALIGNMENT = 64, HEADER = 2 * ALIGNMENT - PREFIX };
  char header[HEADER + 1];
  int written =
      snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %d, %d, %d), }", batch,
               MOBILENET_CHANNELS, MOBILENET_SIZE, MOBILENET_SIZE);
  memset(header + written, ' ', HEADER - (size_t)written);
  header[HEADER - 1] = '\n';
  Bytes bytes = {0};
  appendBytes(&bytes, "\x93NUMPY\x01\x00", 8);
  appendBytes(&bytes, (uint8_t[2]){HEADER & 0xff, HEADER >> 8}, 2);
  appendBytes(&bytes, header, HEADER);

  size_t count = batch * MOBILENET_CHANNELS * MOBILENET_SIZE * MOBILENET_SIZE;
  float *values = malloc(count * sizeof *values);
  if (!values) {
    bytes.failed = true;
    return bytes;
  }
  fillUniform(seed, "image", 0.0f, sqrtf(3.0f), values, count); /* variance 1, as a normalised photograph */
  appendFloats(&bytes, values, count);
  free(values);
  return bytes;
}

static bool parseNumber(const char *text, unsigned long long limit, unsigned long long *out) {
  char *end;
  errno = 0;
  *out = strtoull(text, &end, 10);
  return *text >= '0' && *text <= '9' && !*end && !errno && *out <= limit;
}

/* EXIT_SUCCESS, or the status to leave with after the message has been given. */
static int parseOptions(int argc, char **argv, Options *out) {
  *out = (Options){.seed = 2, .batch = 1};
  for (int i = 1; i < argc; i += 2) {
    const char *option = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
    unsigned long long number;
    if (!value) {
      fprintf(stderr, "quickstart-model: %s needs a value, or is no option\n%s", option, usage);
      return EXIT_USAGE;
    }
    if (!strcmp(option, "--model")) {
      out->model = value;
    } else if (!strcmp(option, "--input")) {
      out->input = value;
    } else if (!strcmp(option, "--batch") && parseNumber(value, MAX_BATCH, &number) && number > 0) {
      out->batch = (size_t)number;
    } else if (!strcmp(option, "--seed") && parseNumber(value, UINT64_MAX, &number)) {
      out->seed = number;
    } else {
      fprintf(stderr, "quickstart-model: cannot use '%s %s'\n%s", option, value, usage);
      return EXIT_USAGE;
    }
  }
  if (!out->model && !out->input) {
    fprintf(stderr, "quickstart-model: nothing to write: give --model, --input or both\n%s", usage);
    return EXIT_USAGE;
  }
  return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "--help")) {
    fputs(usage, stdout);
    return EXIT_SUCCESS;
  }
  Options options;
  int status = parseOptions(argc, argv, &options);
  if (status) return status;
  if (options.model) {
    Bytes model = buildMobileNet(options.seed);
    if (!writeFile(options.model, &model)) status = EXIT_FAILURE;
    freeBytes(&model);
  }
  if (options.input && !status) {
    Bytes input = buildInput(options.seed, options.batch);
    if (!writeFile(options.input, &input)) status = EXIT_FAILURE;
    freeBytes(&input);
  }
  return status;
}
