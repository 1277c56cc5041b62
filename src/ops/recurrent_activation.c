/* recurrent_activation.c: the activation functions that LSTM, GRU and RNN name in attributes
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/activation.h"
#include "ops/recurrent.h"

#include <math.h>
#include <string.h>

#define BLOCK 256

static void relu(const octet_activation *a, const octet_kernels *k, size_t n, float *x)
{
    (void)a;
    k->relu_f32(n, x, x);
}

static void tanh_(const octet_activation *a, const octet_kernels *k, size_t n, float *x)
{
    (void)a;
    k->tanh_f32(n, x, x);
}

static void sigmoid(const octet_activation *a, const octet_kernels *k, size_t n, float *x)
{
    (void)a;
    k->sigmoid_f32(n, x, x);
}

static void affine(const octet_activation *a, const octet_kernels *k, size_t n, float *x)
{
    (void)k;
    for (size_t i = 0; i < n; i++)
        x[i] = a->alpha * x[i] + a->beta;
}

static void leaky_relu(const octet_activation *a, const octet_kernels *k, size_t n, float *x)
{
    (void)k;
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] < 0.0f ? a->alpha * x[i] : x[i];
}

static void thresholded_relu(const octet_activation *a, const octet_kernels *k, size_t n, float *x)
{
    (void)k;
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] >= a->alpha ? x[i] : 0.0f;
}

static void scaled_tanh(const octet_activation *a, const octet_kernels *k, size_t n, float *x)
{
    k->mul_f32(n, x, 1, &a->beta, 0, x);
    k->tanh_f32(n, x, x);
    k->mul_f32(n, x, 1, &a->alpha, 0, x);
}

static void hard_sigmoid(const octet_activation *a, const octet_kernels *k, size_t n, float *x)
{
    affine(a, k, n, x);
    k->clip_f32(n, x, 0.0f, 1.0f, x);
}

static void elu(const octet_activation *a, const octet_kernels *k, size_t n, float *x)
{
    for (size_t i = 0; i < n; i++)
        if (x[i] < 0.0f) {
            k->exp_f32(1, &x[i], &x[i]);
            x[i] = a->alpha * (x[i] - 1.0f);
        }
}

static void softsign(const octet_activation *a, const octet_kernels *k, size_t n, float *x)
{
    (void)a, (void)k;
    for (size_t i = 0; i < n; i++)
        x[i] /= 1.0f + fabsf(x[i]);
}

static void softplus(const octet_activation *a, const octet_kernels *k, size_t n, float *x)
{
    float t[BLOCK];

    (void)a;
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t m = n - i < BLOCK ? n - i : BLOCK;
        octet_softplus_f32(k, m, x + i, t);
        memcpy(x + i, t, m * sizeof *t);
    }
}

/* takes: how many of alpha and beta the function takes from the lists. */
static const struct {
    const char *name;
    int takes;
    octet_activation usual;
} functions[] = {
    {"Relu", 0, {relu, 0.0f, 0.0f}},
    {"Tanh", 0, {tanh_, 0.0f, 0.0f}},
    {"Sigmoid", 0, {sigmoid, 0.0f, 0.0f}},
    {"Affine", 2, {affine, 1.0f, 0.0f}},
    {"LeakyRelu", 1, {leaky_relu, 0.01f, 0.0f}},
    {"ThresholdedRelu", 1, {thresholded_relu, 1.0f, 0.0f}},
    {"ScaledTanh", 2, {scaled_tanh, 1.0f, 1.0f}},
    {"HardSigmoid", 2, {hard_sigmoid, 0.2f, 0.5f}},
    {"Elu", 1, {elu, 1.0f, 0.0f}},
    {"Softsign", 0, {softsign, 0.0f, 0.0f}},
    {"Softplus", 0, {softplus, 0.0f, 0.0f}},
};

#define COUNT (sizeof functions / sizeof functions[0])

octet_status octet_activations_read(const octet_node *node, uint32_t directions, uint32_t count,
                                    const char *const *fallback, octet_activation *out,
                                    octet_diag *diag)
{
    const octet_attr *names = octet_node_attr(node, "activations");
    uint32_t n_alpha, n_beta, alpha = 0, beta = 0;
    const float *alphas = octet_node_floats(node, "activation_alpha", &n_alpha);
    const float *betas = octet_node_floats(node, "activation_beta", &n_beta);

    if (names != NULL && names->strings != NULL && names->count != directions * count)
        return octet_fail(diag, OCTET_ERR_INVALID_MODEL, "activations has %u entries instead of %u",
                          names->count, directions * count);
    for (uint32_t i = 0; i < directions * count; i++) {
        bool listed = names != NULL && names->strings != NULL;
        const char *name = listed ? names->strings[i] : fallback[i % count];
        size_t f = 0;

        while (f < COUNT && strcmp(functions[f].name, name) != 0)
            f++;
        if (f == COUNT)
            return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "activation '%.40s' is not supported",
                              name);
        out[i] = functions[f].usual;
        if (functions[f].takes >= 1 && alpha < n_alpha)
            out[i].alpha = alphas[alpha++];
        if (functions[f].takes >= 2 && beta < n_beta)
            out[i].beta = betas[beta++];
    }
    return OCTET_OK;
}
