/* What generate.lua prints from catalogue.txt. */
#ifndef MS_MODEL_CATALOGUE_H
#define MS_MODEL_CATALOGUE_H

#include "model/model.h"

extern const struct ms_model ms_catalogue;

#endif
