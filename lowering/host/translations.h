#pragma once

// Adds --mlir-to-obj, --mlir-to-so and --cpu to dl-translate.
void dlcRegisterHostTranslations(void);
